/** Tags, notes and the archive: what a person says of runs. */
import { UserError } from '../../base/errors.ts';
import type { RunSummaryRecord } from '../../store/runSummaries.ts';
import type { Handlers } from '../calls.ts';
import type { RunSummary } from '../contract.ts';
import { findRun } from '../find.ts';
import { LONGEST_NOTE, LONGEST_TAG } from '../schemas/annotations.ts';
import type { Services } from './services.ts';

export function annotationHandlers(
  services: Services,
): Handlers<'runs/tag' | 'runs/note' | 'runs/archive'> {
  const { store } = services;
  return {
    'runs/tag'({ runs: words, add, remove }) {
      const added = add.map(requireTag);
      const removed = remove.map((tag) => tag.trim());
      return change(services, words, ({ id }) => {
        for (const tag of removed) store.tags.remove(id, tag);
        for (const tag of added) store.tags.add(id, tag);
      });
    },

    'runs/note'({ run, text }) {
      const note = requireNote(text);
      const [summary] = change(services, [run], ({ id }) => {
        if (note === '') store.notes.remove(id);
        else store.notes.put(id, { text: note, updatedAt: new Date().toISOString() });
      });
      return summary;
    },

    'runs/archive'({ runs: words, archived }) {
      const now = new Date().toISOString();
      return change(services, words, (run) => {
        if (archived) requireAtRest(run);
        // A run that is archived keeps the time at which it was.
        if (archived !== (run.archivedAt !== null)) {
          store.runSummaries.archive(run.id, archived ? now : null);
        }
      });
    },
  };
}

/** Changes all of the runs or none, tells every window, and returns them as they are then. */
function change(
  { store, publish }: Services,
  words: readonly string[],
  apply: (run: RunSummaryRecord) => void,
): [RunSummary, ...RunSummary[]] {
  const byId = store.runSummaries.findAll(words);
  const ids = [...new Set(words.map((word) => (byId.has(word) ? word : findRun(store, word).id)))];
  const summaries = store.transaction(() => {
    const named = ids.filter((id) => !byId.has(id));
    const before = new Map([...byId, ...store.runSummaries.findAll(named)]);
    for (const id of ids) apply(before.get(id) ?? missing(id));
    const after = store.runSummaries.findAll(ids);
    return ids.map((id) => after.get(id) ?? missing(id));
  });
  publish({ type: 'runs/changed', runs: ids });
  return summaries as [RunSummary, ...RunSummary[]];
}

function missing(id: string): never {
  throw new Error(`run ${id} is gone`);
}

/** @throws UserError `tag/text` */
function requireTag(tag: string): string {
  const text = tag.trim();
  const fault =
    text === ''
      ? 'is empty'
      : text.length > LONGEST_TAG
        ? `has ${text.length} characters, more than ${LONGEST_TAG}`
        : /\p{Cc}/u.test(text)
          ? 'holds a line end or another control character'
          : undefined;
  if (fault === undefined) return text;
  throw new UserError(
    'tag/text',
    `The tag ${fault}.`,
    `Choose a word or two on one line, at most ${LONGEST_TAG} characters.`,
  );
}

/** @throws UserError `note/too-long` */
function requireNote(text: string): string {
  const note = text.trim();
  if (note.length <= LONGEST_NOTE) return note;
  throw new UserError(
    'note/too-long',
    `The note has ${note.length} characters, more than ${LONGEST_NOTE}.`,
    'Shorten it; long texts belong in a document beside the project.',
  );
}

/** @throws UserError `run/not-at-rest` */
function requireAtRest({ id, state }: RunSummaryRecord): void {
  if (state !== 'running' && state !== 'queued') return;
  throw new UserError(
    'run/not-at-rest',
    `Run ${id} is ${state}: archived, it would be at work unseen.`,
    'Let it finish, pause it or cancel it, then archive it.',
  );
}
