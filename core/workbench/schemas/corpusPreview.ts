/** A look into files before they are imported; part of the contract. */
import { z } from 'zod';
import { PERSONAL_DATA_KINDS } from '../../text/personalData.ts';

/** Documents that are shown, and what is shown of a long one, in UTF-16 code units. */
export const MOST_DOCUMENTS = 50;
export const LONGEST_EXCERPT = 2000;
/** Of a table: more columns, and those with a longer name, are only counted. */
export const MOST_COLUMNS = 200;
export const LONGEST_COLUMN_NAME = 200;

export const documentBoundarySchema = z.enum(['file', 'line', 'blank-line']);

/** The settings of the import that is meant, so that its problems are found. */
export const corpusPreviewRequestSchema = z.object({
  paths: z.array(z.string()).min(1),
  column: z.string().optional(),
  groupColumn: z.string().optional(),
  documentBoundary: documentBoundarySchema.default('file'),
  strict: z.boolean().default(false),
  /** Documents to show. */
  limit: z.int().min(1).max(MOST_DOCUMENTS).default(5),
});

export const corpusPreviewSchema = z.object({
  files: z.int(),
  /** Files in the folders given that no reader knows. */
  skippedFiles: z.int(),
  bytes: z.int(),
  filesByFormat: z.partialRecord(z.enum(['text', 'csv', 'tsv', 'jsonl', 'parquet']), z.int()),
  /** Of the first table; empty without one. */
  columns: z.array(
    z.object({
      name: z.string(),
      /** What its first values look like. */
      kind: z.enum(['text', 'number', 'date', 'boolean', 'structure', 'empty']),
      /** Whether it can be chosen as the text. */
      text: z.boolean(),
      /** First values that are not empty, shortened: corpus text, never to be logged. */
      examples: z.array(z.string()),
      meanLength: z.number(),
    }),
  ),
  columnsLeftOut: z.int(),
  /** The text column that an import would read; null for plain text and when it is not clear. */
  column: z.string().nullable(),
  /** The column with the longest values when none is clear. */
  suggestedColumn: z.string().nullable(),
  /** A column whose name says whom documents are about. */
  suggestedGroupColumn: z.string().nullable(),
  /** The first documents, the beginning of long ones: corpus text, never to be logged. */
  documents: z.array(z.object({ text: z.string(), characters: z.int() })),
  /** Counts over the documents that were read for these. */
  emptyDocuments: z.int(),
  replacedSequences: z.int(),
  removedNulCharacters: z.int(),
  /** What looks like personal data in a sample: the first documents of files spread over all. */
  personalData: z.object({
    findings: z.array(
      z.object({
        kind: z.enum(PERSONAL_DATA_KINDS),
        count: z.int(),
        documents: z.int(),
        /** Masked: never a whole value. */
        examples: z.array(z.string()),
      }),
    ),
    files: z.int(),
    documents: z.int(),
    characters: z.int(),
    /** Whether the sample is all there is. */
    complete: z.boolean(),
  }),
  /** Why an import with these settings would stop within what was looked into. */
  problem: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
});
export type CorpusPreview = z.infer<typeof corpusPreviewSchema>;
