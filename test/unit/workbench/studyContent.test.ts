import { expect, it } from 'vitest';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';
import { contentDifferences, contentOfRun } from '../../../core/workbench/studyContent.ts';

const file = (source_corpus: unknown = 'wiki') =>
  projectFileSchema.parse({
    ...{ name: 'p', base_model: 'bert', target_corpus: 'notes', source_corpus },
  });

const corpus = (contentHash: string) => ({ contentHash });
const MATERIAL = {
  model: { hash: 'm' },
  target: corpus('t'),
  source: { evaluation: corpus('e'), rehearsal: corpus('r'), fisher: corpus('f') },
};
const SAME = {
  model: 'm',
  target: 't',
  evaluation: 'e',
  rehearsal: 'r',
  fisher: 'f',
};

it('takes from a run what it recorded, and of an earlier version what its corpus holds', () => {
  const evaluations = [
    { role: 'target', corpusFolder: 'corpora/notes' },
    { role: 'source', corpusFolder: 'corpora/wiki' },
  ];
  const run = {
    modelHash: 'm',
    target: { ...corpus('t'), corpusId: 'corpus-1' },
    rehearsal: corpus('r'),
    fisher: { id: 'f1', corpusHash: 'f' },
    evaluations: evaluations.map((one) => ({ ...one, contentHash: `${one.role[0]}0` })),
  };
  expect(contentOfRun(JSON.stringify(run), () => 'other')).toEqual({ ...SAME, evaluation: 's0' });
  const old = JSON.stringify({ modelHash: 'm', evaluations });
  expect(contentOfRun(old, (folder) => (folder === 'corpora/wiki' ? 'e' : undefined))).toEqual({
    ...{ model: 'm', evaluation: 'e' },
  });
  expect(contentOfRun(old, () => undefined)).toEqual({ model: 'm', evaluation: null });
  expect(contentOfRun('{}', () => undefined)).toEqual({});
});

it('finds runs of the same content, whatever uses they do without', () => {
  const { rehearsal: _rehearsal, fisher: _fisher, ...without } = SAME;
  expect(contentDifferences([SAME, without, {}], file(), MATERIAL)).toEqual([]);
  const { rehearsal: _, ...unread } = MATERIAL.source;
  const others = [{ ...SAME, rehearsal: 'x' }];
  expect(contentDifferences(others, file(), { ...MATERIAL, source: unread })).toEqual([]);
});

it.each([
  [{ model: 'x' }, 'base_model "bert" is another model there'],
  [{ target: 'x' }, 'target_corpus "notes" has other text there'],
  [{ evaluation: 'x', fisher: 'x' }, 'source_corpus "wiki" has other text there'],
  [{ evaluation: null }, 'of source_corpus "wiki" it is not known any more what text it had there'],
])('tells of a run with %j', (other, text) => {
  expect(contentDifferences([SAME, { ...SAME, ...other }], file(), MATERIAL)).toEqual([text]);
});

it('names each use of a mapping', () => {
  const mapping = { evaluation: 'wiki', rehearsal: 'books', fisher: 'books' };
  const other = { ...SAME, rehearsal: 'x', fisher: 'x' };
  expect(contentDifferences([other], file(mapping), MATERIAL)).toEqual([
    'source_corpus.rehearsal "books" has other text there',
    'source_corpus.fisher "books" has other text there',
  ]);
});
