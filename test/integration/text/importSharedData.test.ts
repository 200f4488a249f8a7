/** Real files: their counts come from the README beside them and from Python's csv module. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCorpus, verifyCorpus } from '../../../core/text/corpusReader.ts';
import { importCorpus } from '../../../core/text/importCorpus.ts';
import type { CorpusImport } from '../../../core/text/importCorpus.ts';
import { sharedFolder } from '../../fixtures/shared.ts';
import { DEFAULTS, useTemporaryFolder } from './importFixture.ts';

const shared = sharedFolder();
const folder = useTemporaryFolder();

describe.skipIf(shared === undefined)('real text (needs ../shared/data)', () => {
  const data = join(shared ?? '', 'data');
  const load = async (path: string, options: Partial<CorpusImport> = {}) => {
    const request = {
      ...DEFAULTS,
      ...options,
      paths: [join(data, path)],
      folder: folder.path('c'),
    };
    return importCorpus(request, () => undefined);
  };

  it('medquad.csv: multi-line answers, duplicates and boilerplate', async () => {
    const manifest = await load('biomedical/medquad.csv', { column: 'answer' });
    expect(manifest).toMatchObject({
      column: 'answer',
      documentsRead: 16_202,
      documents: 15_615,
      exactDuplicates: 587,
      emptyDocuments: 0,
      replacedSequences: 0,
    });
    // The answers of one question about many conditions share their sentences.
    expect(manifest.nearDuplicates).toBeGreaterThan(500);
    await verifyCorpus(folder.path('c'));
    const reader = openCorpus(folder.path('c'));
    let characters = 0;
    for (const document of reader.documents()) characters += [...document.text].length;
    expect(characters).toBe(manifest.characters);
    expect(reader.document(0).text).toMatch(/^Key Points\n {20}- Adult acute lymphoblastic/);
    for (const held of ['validation', 'test'] as const) {
      const share = manifest.splitDocuments[held] / manifest.documents;
      expect(Math.abs(share - 0.05)).toBeLessThan(0.01);
    }
    reader.close();
  });

  it.each([
    ['general/enwiki-heldout.jsonl.gz', 'text', 248],
    ['clinical/aci-bench-notes', null, 207],
    ['legal/cuad', null, 128],
    ['biomedical/craft', null, 97],
  ])('%s', async (path, column, documents) => {
    const manifest = await load(path);
    expect(manifest).toMatchObject({ column, documentsRead: documents, emptyDocuments: 0 });
    expect(manifest.documents + manifest.exactDuplicates).toBe(documents);
  });

  it('a folder of tables with a column each names, grouped by a column', async () => {
    const manifest = await load('clinical/mts-dialog', {
      column: 'dialogue',
      groupColumn: 'section_header',
    });
    expect(manifest.sources).toHaveLength(1);
    expect(manifest.groupColumn).toBe('section_header');
    // MTS-Dialog has twenty section headers.
    const groups = Object.values(manifest.splitGroups).reduce((sum, count) => sum + count, 0);
    expect(groups).toBeLessThanOrEqual(20);
  });
});
