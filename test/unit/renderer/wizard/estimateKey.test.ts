import { expect, it } from 'vitest';
import { projectFileSchema } from '../../../../core/workbench/projectFile.ts';
import { estimateKey } from '../../../../renderer/lib/wizard/estimateKey.ts';
import type { Known } from '../../../../renderer/lib/wizard/estimateKey.ts';

const project = projectFileSchema.parse({
  name: 'trial',
  base_model: 'bert',
  target_corpus: 'notes',
  source_corpus: { evaluation: 'wiki', rehearsal: 'books' },
  strategies: ['ndt', 'sdt'],
});
const corpus = (name: string, contentHash = `${name} as imported`) => ({
  id: `id of ${name}`,
  name,
  contentHash,
});
const KNOWN: Known = {
  models: [{ id: 'm1', name: 'bert', hash: 'a' }],
  corpora: ['notes', 'wiki', 'books', 'other'].map((name) => corpus(name)),
  projects: [],
  runs: [],
};
const keyOf = (changes: Partial<Known>, name = 'trial'): string =>
  estimateKey({ ...project, name }, { ...KNOWN, ...changes });

it('is another one with another model or corpus of the same name', () => {
  const same = keyOf({});
  expect(keyOf({ models: [{ id: 'm1', name: 'bert', hash: 'b' }] })).not.toBe(same);
  for (const changed of ['notes', 'wiki', 'books']) {
    const corpora = KNOWN.corpora.map(({ name, contentHash }) =>
      corpus(name, name === changed ? 'imported again' : contentHash),
    );
    expect(keyOf({ corpora }), changed).not.toBe(same);
  }
  expect(keyOf({ corpora: KNOWN.corpora.filter(({ name }) => name !== 'other') })).toBe(same);
});

it('depends on the name only where runs are used again, and on how many are', () => {
  expect(keyOf({}, 'another')).toBe(keyOf({}));
  const projects = [{ name: 'trial' }];
  expect(keyOf({ projects })).not.toBe(keyOf({}));
  const runs = [
    { projectName: 'trial', state: 'completed' },
    { projectName: 'trial', state: 'running' },
    { projectName: 'other', state: 'completed' },
  ] as const;
  expect(keyOf({ projects, runs })).not.toBe(keyOf({ projects }));
  expect(keyOf({ projects, runs: runs.slice(0, 1) })).toBe(keyOf({ projects, runs }));
});
