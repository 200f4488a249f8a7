/** Finds what a person means by a name, an id or the beginning of an id. */
import { UserError } from '../base/errors.ts';
import type { CorpusRecord } from '../store/corpora.ts';
import type { ModelRecord } from '../store/models.ts';
import type { ProjectRecord } from '../store/projects.ts';
import type { RunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

const SHORTEST_PREFIX = 4;
const LISTED_AT_MOST = 8;

/** The id itself wins, then a name, then the only id that begins so. */
export function pick<Item extends Named>(kind: string, items: readonly Item[], word: string): Item {
  const byId = items.find(({ id }) => id === word);
  if (byId !== undefined) return byId;
  const byName = items.filter(({ name }) => name === word);
  const found =
    byName.length > 0 || word.length < SHORTEST_PREFIX
      ? byName
      : items.filter(({ id }) => id.startsWith(word));
  const [only, ...others] = found;
  if (only === undefined) throw notFound(kind, items, word);
  if (others.length === 0) return only;
  throw new UserError(
    `${kind}/ambiguous`,
    `${capitalise(kind)} "${word}" could be any of ${found.length}: ${names(found, ({ id }) => id)}.`,
    `Name the ${kind} by its id.`,
  );
}

export function findModel(store: Store, word: string): ModelRecord {
  return pick('model', store.models.list(), word);
}

export function findCorpus(store: Store, word: string): CorpusRecord {
  return pick('corpus', store.corpora.list(), word);
}

export function findProject(store: Store, word: string): ProjectRecord {
  return pick('project', store.projects.list(), word);
}

/** As findProject, but of several projects with the name the latest. */
export function findLatestProject(store: Store, word: string): ProjectRecord {
  const projects = store.projects.list();
  const isId = projects.some(({ id }) => id === word);
  const latest = projects.findLast(({ name }) => name === word);
  return !isId && latest !== undefined ? latest : pick('project', projects, word);
}

export function findRun(store: Store, word: string): RunRecord {
  const byId = store.runs.find(word);
  if (byId !== undefined) return byId;
  const names = store.runs.names();
  const found = store.runs.find(pick('run', names, word).id);
  // Removed since: the same sentence as for a run that never was.
  return found ?? pick('run', [], word);
}

function notFound(kind: string, items: readonly Named[], word: string): UserError {
  const hint =
    items.length === 0
      ? `There is no ${kind} yet.`
      : `Known: ${names(items, ({ name, id }) => `${name} (${id.slice(0, 14)})`)}.`;
  return new UserError(`${kind}/not-found`, `There is no ${kind} "${word}".`, hint);
}

function names<Item>(items: readonly Item[], write: (item: Item) => string): string {
  const shown = items.slice(-LISTED_AT_MOST).map(write).join(', ');
  return items.length > LISTED_AT_MOST ? `… ${shown}` : shown;
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
