import { expect, test } from 'vitest';
import { modelCard } from '../../../core/model/modelCard.ts';
import type { ModelProvenance } from '../../../core/model/modelCard.ts';

const provenance: ModelProvenance = {
  name: 'pilot\n# not a heading',
  baseModel: { name: 'bert-tiny', hash: 'e188' },
  strategy: 'SDT',
  seed: 3,
  steps: 1500,
  settings: { learning_rate: 0.0005, packing: 'document' },
  corpora: [{ role: 'target', name: 'notes | 2024', hash: 'ab12' }],
  evaluations: [{ name: 'wiki', role: 'source', split: 'test', nllBefore: 4.5, nllAfter: 4.91234 }],
  version: '0.1.0',
  createdAt: '2026-11-23T18:00:00Z',
};

test('a model card tells where the weights come from and warns of what they may hold', () => {
  const card = modelCard('bert', provenance);
  expect(card).toContain('may have memorised parts of the text');
  expect(card).toContain('| base model | bert-tiny (SHA-256 e188) |');
  expect(card).toContain('| wiki | source | test | 4.5000 | 4.9123 |');
  expect(card).toContain('| learning_rate | 0.0005 |');
  expect(card).toContain('Palimpsest 0.1.0 on 2026-11-23');
});

test('names cannot break out of their place', () => {
  const card = modelCard('bert', provenance);
  expect(card).toContain('# pilot # not a heading\n');
  expect(card).toContain('| target | notes \\| 2024 | ab12 |');
});

test('a card of weights between two models says between which', () => {
  expect(modelCard('bert', provenance)).not.toContain('interpolation');
  const card = modelCard('bert', { ...provenance, interpolation: { alpha: 0.3, run: 'run-1' } });
  expect(card).toContain('| interpolation | (1 − α) base model + α run run-1, α 0.3 |');
});
