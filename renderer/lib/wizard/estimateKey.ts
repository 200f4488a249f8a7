/** What an estimate is of: with another key it is another one, and what was measured is old. */
import type {
  Corpus,
  Model,
  ProjectSummary,
  RunSummary,
} from '../../../core/workbench/contract.ts';
import type { ProjectFile } from '../../../core/workbench/projectFile.ts';

export interface Known {
  readonly models: readonly Pick<Model, 'id' | 'name' | 'hash'>[];
  readonly corpora: readonly Pick<Corpus, 'id' | 'name' | 'contentHash'>[];
  readonly projects: readonly Pick<ProjectSummary, 'name'>[];
  readonly runs: readonly Pick<RunSummary, 'projectName' | 'state'>[];
}

/**
 * The project with the content of what it names, for a name may be given to another model or corpus. Its
 * own name counts only where runs of a project with this name are used again, with how many there are.
 */
export function estimateKey(project: ProjectFile, known: Known): string {
  const { name, ...rest } = project;
  const { base_model: model, target_corpus: target, source_corpus: source } = rest;
  const isKnown = known.projects.some((one) => one.name === name);
  const completed = known.runs.filter(
    ({ projectName, state }) => projectName === name && state === 'completed',
  );
  const corpora = [
    target,
    ...(typeof source === 'string' ? [source] : Object.values(source)),
  ].flatMap((word) => word ?? []);
  return JSON.stringify([
    rest,
    isKnown ? [name, completed.length] : null,
    called([model], known.models).map(({ id, hash }) => [id, hash]),
    called(corpora, known.corpora).map(({ id, contentHash }) => [id, contentHash]),
  ]);
}

function called<Item extends { readonly id: string; readonly name: string }>(
  words: readonly string[],
  items: readonly Item[],
): Item[] {
  return words.flatMap((word) => items.filter(({ id, name }) => id === word || name === word));
}
