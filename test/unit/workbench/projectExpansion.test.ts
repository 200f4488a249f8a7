import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashJson } from '../../../core/base/files.ts';
import type { Candidate } from '../../../core/workbench/lambdaChoice.ts';
import { planRuns } from '../../../core/workbench/projectExpansion.ts';
import type { SharedSpecification } from '../../../core/workbench/projectExpansion.ts';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';
import type { ProjectFile } from '../../../core/workbench/projectFile.ts';

const shards = (id: string) => ({
  corpusId: id,
  contentHash: id,
  shardFolder: `/home/${id}/shards`,
});
const set = (role: 'source' | 'target', split: 'validation' | 'test') => ({
  name: role,
  role,
  split,
  corpusFolder: `/home/corpora/${role}`,
  path: `/home/evaluations/${role}-${split}`,
  sha256: `${role}-${split}`,
});
const shared: SharedSpecification = {
  modelFolder: '/home/models/a',
  modelHash: 'a',
  tokenizerHash: 'b',
  target: shards('notes'),
  rehearsal: { ...shards('books'), buffer: { size: 100, policy: 'uniform' } },
  fisher: {
    id: 'f1',
    corpusHash: 'books',
    settings: { sequences: 10, variant: 'per_sequence', batch_size: 16, seed: 0 },
    folder: '/home/fisher/f1',
  },
  baseScoresFolder: '/home/evaluations/base',
  evaluations: [
    set('source', 'validation'),
    set('source', 'test'),
    set('target', 'validation'),
    set('target', 'test'),
  ],
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

const namesOf = (given: object): string[] =>
  planRuns(project(given), shared).runs.map(({ name }) => name);

it('plans NDT once and the others with every seed', () => {
  const { runs } = planRuns(project({ strategies: ['ndt', 'sdt'], seeds: [3, 4] }), shared);
  expect(runs.map(({ name }) => name)).toEqual(['ndt-seed-3', 'sdt-seed-3', 'sdt-seed-4']);
  expect(new Set(runs.map((run) => run.configurationHash)).size).toBe(3);
});

it('plans a repeated strategy or seed once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { minLength: 1 }), (seeds) => {
      const { runs } = planRuns(project({ strategies: ['sdt', 'sdt'], seeds }), shared);
      expect(runs.map(({ specification }) => specification.seed)).toEqual([...new Set(seeds)]);
    }),
  );
});

it('gives a run the same hash wherever its files lie, and another for another setting', () => {
  const hashOf = (given: object, material = shared): string | undefined =>
    planRuns(project({ strategies: ['sdt'], ...given }), material).runs[0]?.configurationHash;
  const moved = { ...shared, modelFolder: '/media/models/a' };
  expect(hashOf({}, moved)).toBe(hashOf({}));
  expect(hashOf({ training: { learning_rate: 1e-4 } })).not.toBe(hashOf({}));
  expect(hashOf({}, { ...shared, modelHash: 'z' })).not.toBe(hashOf({}));
});

it('gives NDT and SDT the hashes that they had before there were other strategies', () => {
  const { runs } = planRuns(project({ strategies: ['ndt', 'sdt', 'ewc', 'rh'] }), shared);
  const before = ['ndt', 'sdt'].map((strategy) =>
    hashJson({
      strategy,
      seed: 1,
      engine: 'auto',
      settings: project({}).training,
      modelHash: 'a',
      tokenizerHash: 'b',
      target: 'notes',
      evaluations: shared.evaluations.map(({ name, role, split, sha256 }) => ({
        ...{ name, role, split, sha256 },
      })),
    }),
  );
  expect(runs.slice(0, 2).map((run) => run.configurationHash)).toEqual(before);
});

describe('a strategy', () => {
  const partsOf = (entry: unknown) =>
    planRuns(project({ strategies: [entry] }), shared).runs.map(
      ({ specification: { strategy, parts } }) => ({ strategy, parts }),
    );

  it('by its name alone has the default settings of its part', () => {
    const ewc = { strategy: 'ewc', parts: { ewc: { lambda: 100, layer_norm: true } } };
    expect(partsOf('ewc')).toEqual([ewc]);
    expect(partsOf({ ewc: {} })).toEqual([ewc]);
    expect(partsOf({ ewc: { lambda: [100] } })).toEqual([ewc]);
    expect(partsOf('sdt')).toEqual([{ strategy: 'sdt', parts: {} }]);
  });

  it('of several parts is named by them in one order', () => {
    expect(partsOf({ ewc: { lambda: 10 }, rh: { ratio: 0.5 } })).toEqual([
      {
        strategy: 'rh+ewc',
        parts: { ewc: { lambda: 10, layer_norm: true }, rh: { lambda: 1, ratio: 0.5 } },
      },
    ]);
    expect(namesOf({ strategies: [{ ewc: { lambda: 10 }, rh: {}, lrc: {} }] })).toEqual([
      'rh-lambda-1+ewc-lambda-10+lrc-seed-1',
    ]);
  });

  it('is given source text only where it needs some', () => {
    const given = (entry: unknown): string[] => {
      const [run] = planRuns(project({ strategies: [entry] }), shared).runs;
      const { rehearsal, fisher } = run?.specification ?? {};
      return [...(rehearsal ? ['rehearsal'] : []), ...(fisher ? ['fisher'] : [])];
    };
    expect(['ndt', 'sdt', 'l2', 'lwf', 'lrc'].map(given).flat()).toEqual([]);
    expect(['rh', 'gem', 'ewc'].map(given)).toEqual([['rehearsal'], ['rehearsal'], ['fisher']]);
    expect(given({ rh: {}, ewc: {} })).toEqual(['rehearsal', 'fisher']);
    expect(given({ rh: { lambda: 0 }, ewc: { lambda: 0 } })).toEqual([]);
  });
});

describe('several values of λ', () => {
  const SWEEP = {
    strategies: ['ndt', { ewc: { lambda: [10, 100, 1000] } }, 'sdt'],
    seeds: [4, 5],
    training: { max_steps: 500 },
    selection: { max_steps: 300 },
  };

  /** Losses of candidates in the order of the sweep. */
  function finish(given: object, losses: readonly (readonly [source: number, target: number])[]) {
    const sweep = planRuns(project(given), shared).runs.filter(
      ({ purpose }) => purpose === 'sweep',
    );
    return new Map(
      sweep.slice(0, losses.length).map((run, index): [string, Candidate] => {
        const [source = NaN, target = NaN] = losses[index] ?? [];
        const candidate = Number.isNaN(target)
          ? { losses: null, failure: { message: 'It diverged.', isFinal: true } }
          : { losses: { source, target }, failure: null };
        return [run.configurationHash, { run: run.name, ...candidate, steps: 300 }];
      }),
    );
  }

  it('are runs of the selection that see the validation split alone', () => {
    const { runs, choices } = planRuns(project(SWEEP), shared);
    expect(runs.map(({ name, purpose }) => [name, purpose])).toEqual([
      ['ndt-seed-4', 'result'],
      ['sdt-seed-4', 'result'],
      ['sdt-seed-5', 'result'],
      ['ewc-lambda-10-seed-4-sweep', 'sweep'],
      ['ewc-lambda-100-seed-4-sweep', 'sweep'],
      ['ewc-lambda-1000-seed-4-sweep', 'sweep'],
    ]);
    expect(choices).toEqual([]);
    const { specification } = runs[3] ?? {};
    expect(specification?.settings.max_steps).toBe(300);
    expect(specification?.evaluations.map(({ split }) => split)).toEqual([
      'validation',
      'validation',
    ]);
    expect(runs[1]?.specification.settings.max_steps).toBe(500);
  });

  it('take length and seed from the training and the seeds where the selection has none', () => {
    const { runs } = planRuns(project({ ...SWEEP, selection: {} }), shared);
    const sweep = runs.filter(({ purpose }) => purpose === 'sweep');
    expect(sweep.map(({ specification }) => specification.settings.max_steps)).toEqual([
      500, 500, 500,
    ]);
    const seeded = planRuns(project({ ...SWEEP, selection: { seed: 9 } }), shared).runs;
    expect(seeded[3]?.name).toBe('ewc-lambda-10-seed-9-sweep');
  });

  it('stay open until every candidate has completed', () => {
    const { runs, choices } = planRuns(
      project(SWEEP),
      shared,
      finish(SWEEP, [
        [3, 2],
        [3, 2],
      ]),
    );
    expect(runs).toHaveLength(6);
    expect(choices).toEqual([]);
  });

  it('come down to the one with the least target + source loss, run with every seed', () => {
    const finished = finish(SWEEP, [
      [3.0, 2.0],
      [2.5, 2.25],
      [2.0, 2.8],
    ]);
    const { runs, choices } = planRuns(project(SWEEP), shared, finished);
    expect(runs.slice(6).map(({ name, purpose }) => [name, purpose])).toEqual([
      ['ewc-lambda-100-seed-4', 'result'],
      ['ewc-lambda-100-seed-5', 'result'],
    ]);
    expect(runs[6]?.specification.evaluations).toHaveLength(4);
    expect(choices).toHaveLength(1);
    expect(choices[0]?.choice).toMatchObject({
      strategy: 'ewc',
      steps: 300,
      seed: 4,
      sourceWeight: 1,
    });
    expect(
      choices[0]?.choice.candidates.map(({ settings, objective, chosen }) => [
        settings,
        objective,
        chosen,
      ]),
    ).toEqual([
      ['λ 10', 5, false],
      ['λ 100', 4.75, true],
      ['λ 1000', 4.8, false],
    ]);
  });

  it('that diverged are the worst of all, and the rest is chosen among', () => {
    const DIVERGED = [NaN, NaN] as const;
    const { runs, choices } = planRuns(
      project(SWEEP),
      shared,
      finish(SWEEP, [DIVERGED, [2.5, 2.25], DIVERGED]),
    );
    expect(choices[0]?.choice.candidates).toMatchObject([
      { objective: null, failure: { message: 'It diverged.' }, chosen: false },
      { objective: 4.75, failure: null, chosen: true },
      { objective: null, failure: { message: 'It diverged.' }, chosen: false },
    ]);
    expect(runs.slice(6).map(({ name }) => name)).toEqual([
      ...['ewc-lambda-100-seed-4', 'ewc-lambda-100-seed-5'],
    ]);
    const none = planRuns(project(SWEEP), shared, finish(SWEEP, [DIVERGED, DIVERGED, DIVERGED]));
    expect([none.runs.length, none.choices]).toEqual([6, []]);
  });

  it('weigh the source loss as asked, and take the first of equal ones', () => {
    const losses = [
      [3, 2],
      [2, 3],
      [2.5, 2.5],
    ] as const;
    const chosenWith = (weight: number): string | undefined => {
      const given = { ...SWEEP, selection: { max_steps: 300, source_weight: weight } };
      const { choices } = planRuns(project(given), shared, finish(given, losses));
      return choices[0]?.choice.candidates.find(({ chosen }) => chosen)?.settings;
    };
    expect(chosenWith(1)).toBe('λ 10');
    expect(chosenWith(0)).toBe('λ 10');
    expect(chosenWith(2)).toBe('λ 100');
  });

  it('in two parts of one strategy are tried in every combination', () => {
    const entry = { rh: { lambda: [0.5, 1] }, ewc: { lambda: [10, 100] } };
    expect(namesOf({ strategies: [entry] })).toEqual([
      'rh-lambda-0.5+ewc-lambda-10-seed-1-sweep',
      'rh-lambda-0.5+ewc-lambda-100-seed-1-sweep',
      'rh-lambda-1+ewc-lambda-10-seed-1-sweep',
      'rh-lambda-1+ewc-lambda-100-seed-1-sweep',
    ]);
  });

  it('are not tried again when the choice was made, whatever the candidates say now', () => {
    const finished = finish(SWEEP, [
      [3, 2],
      [2, 2],
      [3, 3],
    ]);
    const [made] = planRuns(project(SWEEP), shared, finished).choices;
    const again = planRuns(
      project({ ...SWEEP, seeds: [4, 5, 6] }),
      shared,
      new Map(),
      new Map([[made?.entry ?? '', made?.choice as never]]),
    );
    expect(again.choices).toEqual([]);
    expect(again.runs.map(({ name }) => name)).toEqual([
      ...['ndt-seed-4', 'sdt-seed-4', 'sdt-seed-5', 'sdt-seed-6'],
      ...['ewc-lambda-100-seed-4', 'ewc-lambda-100-seed-5', 'ewc-lambda-100-seed-6'],
    ]);
  });

  it('are another choice with another value, length, seed or weight', () => {
    const keyOf = (given: object): string | undefined => {
      const file = { ...SWEEP, ...given };
      const losses = [
        [3, 2],
        [2, 2],
        [3, 3],
      ] as const;
      return planRuns(project(file), shared, finish(file, losses)).choices[0]?.entry;
    };
    const keys = [
      keyOf({}),
      keyOf({ strategies: [{ ewc: { lambda: [10, 100, 999] } }] }),
      keyOf({ selection: { max_steps: 200 } }),
      keyOf({ selection: { max_steps: 300, seed: 9 } }),
      keyOf({ selection: { max_steps: 300, source_weight: 2 } }),
    ];
    expect(new Set(keys).size).toBe(5);
    expect(keyOf({ seeds: [4, 8] })).toBe(keys[0]);
    expect(keyOf({ strategies: ['sdt', ...SWEEP.strategies.slice(1, 2)] })).toBe(keys[0]);
  });
});
