import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { openCorpus } from '../../../core/text/corpusReader.ts';
import { importCorpus } from '../../../core/text/importCorpus.ts';
import type { CorpusImport } from '../../../core/text/importCorpus.ts';
import type { CorpusDocument, CorpusManifest } from '../../../core/text/types.ts';

/** A temporary folder a test, with `input/`-like files beside the corpora it makes. */
export function useTemporaryFolder(): { path: (name: string) => string } {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palimpsest-import-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  return { path: (name) => join(folder, name) };
}

export const DEFAULTS = { documentBoundary: 'file', strict: false, seed: 0 } as const;

/** All groups in one split, so that corpora of one document can be imported. */
export const ONE_SPLIT = { splitShares: { train: 1, validation: 0, test: 0 } } as const;

export async function importInto(
  folder: string,
  paths: readonly string[],
  options: Partial<CorpusImport> = {},
): Promise<{ manifest: CorpusManifest; documents: CorpusDocument[] }> {
  const request = { ...DEFAULTS, ...ONE_SPLIT, ...options, paths, folder };
  const manifest = await importCorpus(request, () => undefined);
  const reader = openCorpus(folder);
  try {
    return { manifest, documents: [...reader.documents()] };
  } finally {
    reader.close();
  }
}

export function textsOf(documents: readonly CorpusDocument[]): string[] {
  return documents.map((document) => document.text);
}

/** The UserError of an import that has to fail, after which nothing may be left. */
export async function failedImport(
  root: string,
  paths: readonly string[],
  options: Partial<CorpusImport> = {},
): Promise<UserError> {
  const before = await readdir(root);
  const error: unknown = await importInto(join(root, 'corpus'), paths, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UserError)) throw new Error('A UserError was expected.', { cause: error });
  const after = await readdir(root);
  if (after.length !== before.length) throw new Error(`Something was left: ${after.join(', ')}`);
  return error;
}
