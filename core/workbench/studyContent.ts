/**
 * Which model and texts a study is made of, by the hashes of their content: a name in a project file
 * may have come to mean something else since its runs were made. Pure.
 */
import { z } from 'zod';
import type { ProjectFile } from './projectFile.ts';
import type { SourceUse } from './sourceUses.ts';

export type ContentUse = 'model' | 'target' | SourceUse;

/** Hashes by use; a use that there is none of is absent, and null is not known any more. */
export type StudyContent = Readonly<Partial<Record<ContentUse, string | null>>>;

/** What the names of a project file stand for, as far as it is looked at here. */
export interface ContentMaterial {
  readonly model: { readonly hash: string };
  readonly target: { readonly contentHash: string };
  readonly source: { readonly [Use in SourceUse]?: { readonly contentHash: string } | undefined };
}

const shards = z.object({ contentHash: z.string() }).optional();

/** Of a stored run; what an imported one lacks is no reason to fail. */
const recordedSchema = z.object({
  modelHash: z.string().optional(),
  target: shards,
  rehearsal: shards,
  fisher: z.object({ corpusHash: z.string() }).optional(),
  evaluations: z
    .array(
      z.object({ role: z.string(), corpusFolder: z.string(), contentHash: z.string().optional() }),
    )
    .default([]),
});

/**
 * What a run recorded of its content. Runs of earlier versions say in which folder the corpus of an
 * evaluation was and not what it held; `contentOf` knows that of a folder while the corpus is there.
 */
export function contentOfRun(
  configuration: string,
  contentOf: (corpusFolder: string) => string | undefined,
): StudyContent {
  const run = recordedSchema.safeParse(JSON.parse(configuration)).data;
  if (run === undefined) return {};
  const evaluation = run.evaluations.find(({ role }) => role === 'source');
  return {
    ...(run.modelHash !== undefined && { model: run.modelHash }),
    ...(run.target && { target: run.target.contentHash }),
    ...(run.rehearsal && { rehearsal: run.rehearsal.contentHash }),
    ...(run.fisher && { fisher: run.fisher.corpusHash }),
    ...(evaluation && {
      evaluation: evaluation.contentHash ?? contentOf(evaluation.corpusFolder) ?? null,
    }),
  };
}

/**
 * What stands for something else in the file than in one of the runs, each as `source_corpus "wiki"
 * has other text there`; none when the runs are of the same content.
 */
export function contentDifferences(
  runs: readonly StudyContent[],
  project: ProjectFile,
  { model, target, source }: ContentMaterial,
): string[] {
  const here: readonly (readonly [ContentUse, string | undefined])[] = [
    ['model', model.hash],
    ['target', target.contentHash],
    ['evaluation', source.evaluation?.contentHash],
    ['rehearsal', source.rehearsal?.contentHash],
    ['fisher', source.fisher?.contentHash],
  ];
  const differences = here.flatMap(([use, hash]) => {
    if (hash === undefined) return [];
    const there = runs.map((run) => run[use]).filter((known) => known !== undefined);
    if (there.every((known) => known === hash)) return [];
    const name = nameOf(project, use);
    if (use === 'model') return [`${name} is another model there`];
    return there.every((known) => known === hash || known === null)
      ? [`of ${name} it is not known any more what text it had there`]
      : [`${name} has other text there`];
  });
  return [...new Set(differences)];
}

/** As the file has it: `source_corpus.fisher "books"`. */
function nameOf(
  { base_model, target_corpus, source_corpus }: ProjectFile,
  use: ContentUse,
): string {
  if (use === 'model') return `base_model "${base_model}"`;
  if (use === 'target') return `target_corpus "${target_corpus}"`;
  if (typeof source_corpus === 'string') return `source_corpus "${source_corpus}"`;
  return `source_corpus.${use} "${source_corpus[use]}"`;
}
