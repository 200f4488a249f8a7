/** The project that is being put together in the wizard, kept in this browser until it is started. */
import { checkDraft } from '../lib/wizard/check.ts';
import type { DraftProblem } from '../lib/wizard/check.ts';
import { STEPS, draftContent, draftSchema, emptyDraft, projectInput } from '../lib/wizard/draft.ts';
import type { Draft, Step } from '../lib/wizard/draft.ts';
import { workbench } from './workbench.svelte.ts';

const KEY = 'palimpsest.project-draft.1';

class ProjectDraft {
  #draft = $state<Draft>(read());

  readonly suggestedName = $derived(suggestName(this.#draft.targetCorpus));
  readonly input = $derived(projectInput(this.#draft, this.suggestedName));
  readonly #check = $derived(
    checkDraft(this.input, {
      models: workbench.models.isLoaded ? workbench.models.items : undefined,
      corpora: workbench.corpora.isLoaded ? workbench.corpora.items : undefined,
    }),
  );

  get draft(): Draft {
    return this.#draft;
  }

  /** Tells whether it was changed. */
  get content(): string {
    return draftContent(this.#draft);
  }

  get check() {
    return this.#check;
  }

  /** Replaces the whole draft, for opening a file, starting over and taking that back. */
  replace(draft: Draft): void {
    this.#draft = draft;
  }

  clear(): void {
    this.#draft = emptyDraft();
  }

  problemsOf(step: Step): readonly DraftProblem[] {
    return this.#check.problems.filter((problem) => problem.step === step);
  }

  /** What to say at a field; what is missing only once its step has been left. */
  errorAt(...path: readonly PropertyKey[]): string | undefined {
    const key = path.join('.');
    const problem = this.#check.problems.find((one) => {
      const there = one.path.map(String).join('.');
      return (
        there === key || (/^\d+$/.test(there.slice(key.length + 1)) && there.startsWith(`${key}.`))
      );
    });
    if (problem === undefined) return undefined;
    if (problem.isMissing && STEPS.indexOf(problem.step) >= this.#draft.reached) return undefined;
    return problem.message;
  }

  go(step: Step): void {
    const left = STEPS.indexOf(this.#draft.step) + 1;
    this.#draft.reached = Math.max(this.#draft.reached, left, STEPS.indexOf(step));
    this.#draft.step = step;
  }

  /** To be called in an effect: reads the whole draft. */
  save(): void {
    const text = JSON.stringify(this.#draft);
    try {
      window.localStorage.setItem(KEY, text);
    } catch {
      // Without room or permission the draft lasts as long as the window.
    }
  }
}

function suggestName(target: string): string {
  const base = target.trim();
  if (base === '') return '';
  const taken = new Set(workbench.projects.items.map(({ name }) => name));
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base}-${count}`;
    if (!taken.has(name)) return name;
  }
}

/** What cannot be read counts as no draft. */
function read(): Draft {
  try {
    const text = window.localStorage.getItem(KEY);
    if (text !== null) return draftSchema.parse(JSON.parse(text));
  } catch {
    // Another version's draft, or no permission.
  }
  return emptyDraft();
}

export const projectDraft = new ProjectDraft();
