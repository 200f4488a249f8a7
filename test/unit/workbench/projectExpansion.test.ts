import fc from 'fast-check';
import { expect, it } from 'vitest';
import { planRuns } from '../../../core/workbench/projectExpansion.ts';
import type { SharedSpecification } from '../../../core/workbench/projectExpansion.ts';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';
import type { ProjectFile } from '../../../core/workbench/projectFile.ts';

const shared: SharedSpecification = {
  modelFolder: '/home/models/a',
  modelHash: 'a',
  tokenizerHash: 'b',
  target: { corpusId: 'corpus-1', contentHash: 'c', shardFolder: '/home/corpora/corpus-1/shards' },
  evaluations: [],
};

function project(given: object): ProjectFile {
  return projectFileSchema.parse({
    name: 'p',
    base_model: 'm',
    target_corpus: 't',
    source_corpus: 's',
    ...given,
  });
}

it('plans NDT once and the others with every seed', () => {
  const planned = planRuns(project({ strategies: ['ndt', 'sdt'], seeds: [3, 4] }), shared);
  expect(planned.map(({ name }) => name)).toEqual(['ndt-seed-3', 'sdt-seed-3', 'sdt-seed-4']);
  expect(new Set(planned.map((run) => run.configurationHash)).size).toBe(3);
});

it('plans a repeated strategy or seed once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { minLength: 1 }), (seeds) => {
      const planned = planRuns(project({ strategies: ['sdt', 'sdt'], seeds }), shared);
      expect(planned.map(({ specification }) => specification.seed)).toEqual([...new Set(seeds)]);
    }),
  );
});

it('gives a run the same hash wherever its files lie, and another for another setting', () => {
  const hashOf = (given: object, material = shared): string | undefined =>
    planRuns(project({ strategies: ['sdt'], ...given }), material)[0]?.configurationHash;
  const moved = { ...shared, modelFolder: '/media/models/a' };
  expect(hashOf({}, moved)).toBe(hashOf({}));
  expect(hashOf({ training: { learning_rate: 1e-4 } })).not.toBe(hashOf({}));
  expect(hashOf({}, { ...shared, modelHash: 'z' })).not.toBe(hashOf({}));
});
