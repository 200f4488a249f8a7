/** Which corpus of a project file serves which use of the source domain. Pure. */
import { UserError } from '../base/errors.ts';
import { strategyTitle } from '../results/names.ts';
import type { Need } from '../strategies/types.ts';
import type { ProjectFile } from './projectFile.ts';
import { sourceNeeds } from './strategyEntries.ts';

export type SourceUse = 'evaluation' | 'rehearsal' | 'fisher';

/** A name, id or beginning of an id for each use. */
export type SourceWords = { readonly evaluation: string } & {
  readonly [Use in SourceUse]?: string | undefined;
};

export const USE_OF: Readonly<Record<Need, SourceUse>> = {
  'rehearsal corpus': 'rehearsal',
  'Fisher diagonal': 'fisher',
};

const REASON: Readonly<Record<Need, string>> = {
  'rehearsal corpus': 'draws source text in every step',
  'Fisher diagonal': 'weighs by a Fisher diagonal, which is estimated on source text',
};

/**
 * One name serves every use that the strategies need; of a mapping every use is taken that it names.
 * @throws UserError `project/needs-source` when a strategy needs a use that the mapping lacks
 */
export function sourceWords(project: ProjectFile): SourceWords {
  const given = project.source_corpus;
  const needs = [...sourceNeeds(project)];
  if (typeof given === 'string') {
    const words: { [Use in SourceUse]?: string } = {};
    for (const [need] of needs) words[USE_OF[need]] = given;
    return { ...words, evaluation: given };
  }
  for (const [need, strategy] of needs) {
    const use = USE_OF[need];
    if (given[use] !== undefined) continue;
    throw new UserError(
      'project/needs-source',
      `The strategy ${strategyTitle(strategy)} ${REASON[need]}, but source_corpus has no key ${use}.`,
      `Add source_corpus.${use}, or write source_corpus as one name that serves every use.`,
    );
  }
  return given;
}
