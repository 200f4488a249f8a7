/** What a project has chosen and what it waits for, as its runs in the history tell. */
import type { ProjectRecord } from '../store/projects.ts';
import type { RunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { hashJson } from '../base/files.ts';
import { choiceKey } from './choiceKey.ts';
import { chooseLambda, hasDiverged, isTried, validationLosses } from './lambdaChoice.ts';
import type { Candidate } from './lambdaChoice.ts';
import { projectFileSchema } from './projectFile.ts';
import type { ProjectFile } from './projectFile.ts';
import { choiceSchema } from './results.ts';
import type { LambdaChoice } from './results.ts';
import { isAtRest } from './runStates.ts';
import { selectionOf, variantsOf } from './strategyEntries.ts';
import type { Selection, Variant } from './strategyEntries.ts';

export interface ChoiceState {
  readonly choice: LambdaChoice;
  /** Written down for good. */
  readonly made: boolean;
  /** Runs of the candidates; undefined for one that has none. */
  readonly runs: readonly (RunRecord | undefined)[];
}

/** Undefined for a project whose file this version does not understand, such as an imported one. */
export function parseStoredProject({ file }: Pick<ProjectRecord, 'file'>): ProjectFile | undefined {
  return projectFileSchema.safeParse(JSON.parse(file)).data;
}

/** The choices of the project as its file stands, in the order of the file. */
export function choiceStates(
  store: Store,
  project: ProjectRecord,
  file: ProjectFile | undefined = parseStoredProject(project),
): ChoiceState[] {
  const entries = (file?.strategies ?? []).map(variantsOf).filter(({ length }) => length > 1);
  if (file === undefined || entries.length === 0) return [];
  const selection = selectionOf(file);
  const made = madeChoices(store, project.id);
  const sweeps = store.runs
    .list({ projectId: project.id })
    .filter(({ purpose }) => purpose === 'sweep');
  return entries.map((variants) => {
    const known = made.get(choiceKey(variants, selection));
    if (known !== undefined) {
      const runs = known.candidates.map(({ run }) => sweeps.find(({ id }) => id === run));
      return { choice: known, made: true, runs };
    }
    const runs = variants.map((variant) => sweepRun(sweeps, variant, selection));
    const candidates = runs.map((run) =>
      run === undefined
        ? { run: '', losses: null, failure: null, steps: null }
        : candidateOf(store, run),
    );
    const choice = chooseLambda(variants, candidates, selection);
    // Chosen is what is written down together with the runs that it leads to.
    const open = choice.candidates.map((candidate) => ({ ...candidate, chosen: false }));
    return { choice: { ...choice, candidates: open }, made: false, runs };
  });
}

export function madeChoices(store: Store, projectId: string): Map<string, LambdaChoice> {
  return new Map(
    store.choices
      .list(projectId)
      .map(({ entry, choice }) => [entry, choiceSchema.parse(JSON.parse(choice))]),
  );
}

/** What a sweep run tells of its variant; without losses until it has completed. */
export function candidateOf(store: Store, run: RunRecord): Candidate {
  const { id, state, error, totalSteps } = run;
  const losses = state === 'completed' ? validationLosses(store.evaluations.list(id)) : undefined;
  const failure =
    state === 'failed' ? { message: error?.message ?? '', isFinal: hasDiverged(run) } : null;
  return { run: id, losses: losses ?? null, failure, steps: totalSteps };
}

/** Whether what is open can be decided now; among values that all diverged there is nothing to decide. */
export function canChoose(states: readonly ChoiceState[]): boolean {
  return states.some(
    ({ made, choice: { candidates } }) =>
      !made && candidates.every(isTried) && candidates.some(({ objective }) => objective !== null),
  );
}

/** Whether more runs will come by themselves: a candidate that rests unfinished keeps a choice open. */
export function expectsMore(states: readonly ChoiceState[]): boolean {
  return states.some(({ made, runs, choice: { candidates } }) => {
    if (made) return false;
    const moves = (run: RunRecord | undefined): boolean =>
      run !== undefined && !isAtRest(run.state);
    const mayBeChosen = candidates.some(
      ({ objective }, index) => objective !== null || moves(runs[index]),
    );
    const isStuck = candidates.some((one, index) => !isTried(one) && !moves(runs[index]));
    return mayBeChosen && !isStuck;
  });
}

/** The latest run that tried the variant, and of those one that was not cancelled. */
function sweepRun(
  sweeps: readonly RunRecord[],
  { parts }: Variant,
  { steps, seed }: Selection,
): RunRecord | undefined {
  const key = hashJson(parts);
  const own = sweeps.filter(
    (run) => run.seed === seed && hashJson(run.parts) === key && stepsOf(run) === steps,
  );
  return own.findLast(({ state }) => state !== 'cancelled') ?? own.at(-1);
}

function stepsOf({ configuration }: RunRecord): number | undefined {
  const { settings } = JSON.parse(configuration) as { settings?: { max_steps?: number } };
  return settings?.max_steps;
}
