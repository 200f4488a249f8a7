/** The arithmetic of estimates, on measurements made up so that the answers are known. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeEstimate } from '../../../core/headless/commands/estimate.ts';
import { estimateProject } from '../../../core/workbench/estimate.ts';
import type { EstimateMaterial } from '../../../core/workbench/estimate.ts';
import type { Measurements } from '../../../core/workbench/probeContract.ts';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';
import type { ProjectFile } from '../../../core/workbench/projectFile.ts';
import { costKinds, runWorkKey, strategyWorks } from '../../../core/workbench/projectWork.ts';
import type { DoneWork } from '../../../core/workbench/projectWork.ts';
import { variantsOf } from '../../../core/workbench/strategyEntries.ts';
import { estimateRows } from '../../../renderer/lib/wizard/estimateView.ts';

function projectOf(overrides: object = {}, training: object = {}): ProjectFile {
  return projectFileSchema.parse({
    name: 'trial',
    base_model: 'tiny',
    target_corpus: 'notes',
    source_corpus: 'wiki',
    strategies: ['ndt', 'sdt'],
    training: { max_steps: 100, eval_steps: 25, save_steps: 1000, ...training },
    ...overrides,
  });
}

/** Every step 2 s, exactly; a pass over one set 1000 tokens × 1 ms. */
function measuredFor(project: ProjectFile, overrides: Partial<Measurements> = {}): Measurements {
  const evaluation = (folder: string) => ({
    folder,
    tokensPerDocument: 10,
    draw: 0.002,
    prepare: 0,
    score: 0.001,
    graphs: 0,
    spread: 0,
  });
  return {
    engine: 'cpu',
    device: 'ONNX Runtime, CPU, 2 threads',
    startSeconds: 0,
    corpora: [
      { folder: '/notes', isThere: true, windows: 960, windowsError: 0, seconds: 0, bytes: 0 },
    ],
    steps: costKinds(strategyWorks(project)).map(({ key }, index) => ({
      key,
      steps: Array.from({ length: 20 }, () => ({ tokens: 4096, seconds: 2 })),
      ratios: index === 0 ? [] : [1, 1, 1, 1],
      graphs: { seconds: 0, shapes: 2 },
      epoch: { tokens: 4096, shapes: 2 },
    })),
    tokensPerSecond: 2000,
    evaluations: [evaluation('/wiki'), evaluation('/notes')],
    hasBaseScores: true,
    fisher: null,
    bytesPerSecond: 1e12,
    peakBytes: 1e9,
    othersShare: 0,
    seconds: 60,
    ...overrides,
  };
}

function materialOf(
  project: ProjectFile,
  overrides: Partial<EstimateMaterial> = {},
  done?: DoneWork,
): EstimateMaterial {
  const documents = { validation: 100, test: 100 };
  return {
    project,
    parameters: 1_000_000,
    works: strategyWorks(project, done),
    evaluated: [
      { name: 'wiki', folder: '/wiki', documents },
      { name: 'notes', folder: '/notes', documents },
    ],
    names: new Map([
      ['/notes', 'notes'],
      ['/wiki', 'wiki'],
    ]),
    sets: new Set(['/wiki validation', '/wiki test', '/notes validation', '/notes test']),
    fisher: undefined,
    isBesideRuns: false,
    availableMemory: 8e9,
    freeDisk: 1e12,
    homeFolder: '/home',
    ...overrides,
  };
}

const estimateOf = (
  project: ProjectFile,
  measured: Partial<Measurements> = {},
  material: Partial<EstimateMaterial> = {},
) => estimateProject(measuredFor(project, measured), materialOf(project, material));

describe('time', () => {
  it('is steps, evaluations during and after, and nothing else where nothing else takes time', () => {
    const { strategies, evaluationSeconds, seconds } = estimateOf(projectOf());
    const [ndt, sdt] = strategies;
    expect(ndt?.secondsPerRun?.expected).toBe(0);
    expect(ndt?.secondsPerStep).toBeNull();
    // 100 × 2 s; validation sets after 25, 50 and 75 steps, 2 × 1 s each; all four sets at the end.
    expect(sdt?.secondsPerRun?.expected).toBeCloseTo(200 + 3 * 2 + 4, 4);
    expect(evaluationSeconds.expected).toBeCloseTo(10, 6);
    // The machine's own pace may change by a tenth, though every step took equally long.
    expect(sdt?.secondsPerStep).toEqual({
      expected: 2,
      low: expect.closeTo(1.8, 9) as number,
      high: expect.closeTo(2.2, 9) as number,
    });
    expect(seconds.expected).toBeCloseTo(210, 4);
  });

  it('counts the base model once and every other strategy by its seeds', () => {
    const { runs, strategies } = estimateOf(projectOf({ seeds: [1, 2, 3] }));
    expect(runs).toEqual({ results: 4, choosing: 0, done: 0 });
    expect(strategies[1]?.seconds.expected).toBeCloseTo(3 * 210, 3);
  });

  it('adds the runs that choose λ, shorter and on validation alone', () => {
    const project = projectOf({
      strategies: [{ l2: { lambda: [0.1, 1, 10] } }],
      seeds: [1, 2],
      selection: { max_steps: 50 },
    });
    const { runs, strategies } = estimateOf(project);
    expect(runs).toEqual({ results: 2, choosing: 3, done: 0 });
    expect(strategies[0]?.settings).toBe('3 values of λ');
    // Sweep: 50 × 2 s, one evaluation during (2 s) and one after (2 s).
    expect(strategies[0]?.seconds.expected).toBeCloseTo(2 * 210 + 3 * 104, 3);
  });

  it('takes a strategy’s step for SDT’s, times the median of the ratios measured side by side', () => {
    const project = projectOf({ strategies: ['sdt', 'gem'] });
    const [sdt, gem] = measuredFor(project).steps;
    if (sdt === undefined || gem === undefined) throw new Error('Two kinds were expected.');
    // Its own steps were slowed by other work: 2 × 2.5, not 9.
    const slowed = gem.steps.map((step) => ({ ...step, seconds: 9 }));
    const steps = [sdt, { ...gem, steps: slowed, ratios: [2.5, 2.5, 2.5, 40, 2.5] }];
    const { strategies } = estimateOf(project, { steps });
    expect(strategies.map(({ secondsPerStep }) => secondsPerStep?.expected)).toEqual([2, 5]);
    expect(strategies[1]?.secondsPerStep?.high).toBeCloseTo(5.5, 9);
    // Its range is wider where the ratios lie apart.
    const apart = [sdt, { ...gem, ratios: [2, 2.5, 3] }];
    const wide = estimateOf(project, { steps: apart }).strategies[1]?.secondsPerStep;
    expect(wide?.expected).toBe(5);
    expect(wide?.high).toBeGreaterThan(6);
  });

  it('takes graphs by the shapes of an epoch, beside the steps', () => {
    const [sdt] = measuredFor(projectOf()).steps;
    if (sdt === undefined) throw new Error('One kind was expected.');
    // 0.75 s a shape, of which the run meets six.
    const graphs = { graphs: { seconds: 3, shapes: 4 }, epoch: { tokens: 4096, shapes: 6 } };
    const { strategies } = estimateOf(projectOf(), { steps: [{ ...sdt, ...graphs }] });
    expect(strategies[1]?.secondsPerStep?.expected).toBe(2);
    expect(strategies[1]?.secondsPerRun?.expected).toBeCloseTo(210 + 6 * 0.75, 4);
  });

  it('takes whole steps for epochs, and a range of them from a sample', () => {
    const { max_steps: _, ...training } = projectOf().training;
    const project = { ...projectOf(), training: { ...training, num_train_epochs: 2 } };
    // 960 windows are 30 batches of 32.
    expect(estimateOf(project).strategies[1]?.steps).toEqual({ expected: 60, low: 60, high: 60 });
    const [corpus] = measuredFor(project).corpora;
    const sampled = corpus === undefined ? [] : [{ ...corpus, windowsError: 0.1 }];
    const { steps } = estimateOf(project, { corpora: sampled }).strategies[1] ?? {};
    expect(steps).toEqual({ expected: 60, low: 54, high: 66 });
  });

  it('charges shared work once, and not when it is there', () => {
    const missing = estimateOf(
      projectOf(),
      { hasBaseScores: false },
      { sets: new Set(['/wiki validation']) },
    );
    const seconds = missing.shared.map(({ kind, corpus, seconds: { expected } }) => [
      kind,
      corpus,
      Number(expected.toFixed(6)),
    ]);
    expect(seconds).toEqual([
      ['tokens', 'notes', 0],
      ['frozen sets', 'wiki', 2],
      ['frozen sets', 'notes', 4],
      ['base scores', null, 4],
    ]);
    const there = estimateOf(projectOf());
    expect(there.shared.every(({ isThere }) => isThere)).toBe(true);
    expect(missing.seconds.expected - there.seconds.expected).toBeCloseTo(10, 6);
  });

  it('multiplies a sequence’s time for the Fisher diagonal', () => {
    const project = projectOf({ strategies: ['ewc'] });
    const fisher = { sequences: 500, secondsEach: [0.1, 0.1, 0.1] };
    const open = estimateOf(project, { fisher }, { fisher: { corpus: 'wiki', isThere: false } });
    expect(open.shared.at(-1)).toMatchObject({ kind: 'Fisher diagonal', isThere: false });
    expect(open.shared.at(-1)?.seconds.expected).toBeCloseTo(50, 9);
    const made = estimateOf(project, {}, { fisher: { corpus: 'wiki', isThere: true } });
    expect(made.shared.at(-1)?.seconds.expected).toBe(0);
  });

  it('leaves out what an equal project has done', () => {
    const project = projectOf({ seeds: [1, 2] });
    const [sdt] = variantsOf('sdt');
    const done = {
      runs: new Set(sdt === undefined ? [] : [runWorkKey(sdt, 1, 'result', 100)]),
      choices: new Map(),
    };
    const estimate = estimateProject(measuredFor(project), materialOf(project, {}, done));
    expect(estimate.runs).toEqual({ results: 2, choosing: 0, done: 1 });
    expect(estimate.seconds.expected).toBeCloseTo(210, 4);
    expect(estimate.strategies[1]?.secondsPerStep?.expected).toBeCloseTo(2, 9);
    expect(estimate.strategies[1]?.secondsPerRun?.expected).toBeCloseTo(210, 4);
  });

  it('does not know what a step takes of a strategy whose runs are all done', () => {
    const project = projectOf({ strategies: ['ndt', 'sdt', 'ewc'] });
    const [sdt] = variantsOf('sdt');
    const done = {
      runs: new Set(sdt === undefined ? [] : [runWorkKey(sdt, 1, 'result', 100)]),
      choices: new Map(),
    };
    const works = strategyWorks(project, done);
    const kinds = new Set(costKinds(works).map(({ key }) => key));
    const { steps } = measuredFor(project);
    const measured = { steps: steps.filter(({ key }) => kinds.has(key)) };
    expect(measured.steps).toHaveLength(1);
    const estimate = estimateOf(project, measured, { works });
    expect(estimate.runs).toEqual({ results: 2, choosing: 0, done: 1 });
    expect(estimate.strategies[1]).toMatchObject({
      steps: { expected: 100 },
      secondsPerStep: null,
      secondsPerRun: null,
      seconds: { expected: 0 },
    });
    expect(estimate.strategies[2]?.secondsPerStep?.expected).toBeCloseTo(2, 9);
    expect(estimateRows(estimate).map(({ step, run, all }) => [step, run, all])).toEqual([
      ['', '0.0 s', '0.0 s'],
      ['–', '–', '0.0 s'],
      ['2.0 s', '3 min 30 s', '3 min 30 s'],
    ]);
    expect(describeEstimate(estimate)).toMatch(/^SDT +0 +100 +– +– +0(\.0)? s/m);
  });

  it('is wider beside runs and other programs, says so, and counts few steps', () => {
    const alone = estimateOf(projectOf());
    const beside = estimateOf(projectOf(), {}, { isBesideRuns: true });
    const busy = estimateOf(projectOf(), { othersShare: 0.6 });
    for (const wide of [beside, busy]) {
      expect(wide.seconds.expected).toBe(alone.seconds.expected);
      expect(wide.seconds.low).toBeLessThan(alone.seconds.low);
      expect(wide.seconds.high).toBeGreaterThan(alone.seconds.high);
      expect(wide.remarks).toHaveLength(1);
    }
    const [main] = measuredFor(projectOf()).steps;
    const slow = main === undefined ? [] : [{ ...main, steps: main.steps.slice(0, 3) }];
    expect(estimateOf(projectOf(), { steps: slow }).remarks).toEqual([
      'A step takes about 2.0 s, so only 3 were timed and the range is wide.',
    ]);
    const one = slow.map((kind) => ({ ...kind, steps: kind.steps.slice(0, 1) }));
    expect(estimateOf(projectOf(), { steps: one }).remarks).toEqual([
      'A step takes about 2.0 s, so only one was timed and the range is wide.',
    ]);
  });
});

describe('memory and disk', () => {
  it('warns when they do not suffice, and only then', () => {
    expect(estimateOf(projectOf()).warnings).toEqual([]);
    const { warnings } = estimateOf(projectOf(), {}, { availableMemory: 5e8, freeDisk: 1e6 });
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/^A run needs about 1\.10 GB of memory, and 0\.50 GB/);
    expect(warnings[1]).toMatch(/^The project needs .* GB in \/home, where 0\.00 GB are free\./);
    const near = estimateOf(projectOf(), {}, { availableMemory: 1.2e9 });
    expect(near.warnings[0]).toMatch(/^A run may need 1\.35 GB/);
  });

  it('keeps weights of every run, and at most one run’s optimizer', () => {
    const one = estimateOf(projectOf()).disk;
    const three = estimateOf(projectOf({ seeds: [1, 2, 3] })).disk;
    // Two copies of the weights, 4 MB each, and a megabyte of logs a run.
    expect(one.left).toBe(8e6 + 2 ** 20);
    expect(three.left).toBe(3 * one.left);
    expect(three.most - three.left).toBe(one.most - one.left);
    expect(one.most).toBeGreaterThan(one.left);
  });
});

describe('an estimate', () => {
  const steps = fc.integer({ min: 1, max: 5000 });
  const seeds = fc.integer({ min: 1, max: 6 });
  const seconds = fc.double({ min: 0.001, max: 20, noNaN: true });

  it('never falls with more steps, more seeds, slower steps or more strategies', () => {
    const total = (count: number, seedCount: number, each: number, strategies: string[]) => {
      const project = projectOf(
        { strategies, seeds: Array.from({ length: seedCount }, (_, seed) => seed) },
        { max_steps: count },
      );
      const measured = measuredFor(project);
      const timed = measured.steps.map((kind) => ({
        ...kind,
        steps: kind.steps.map(({ tokens }, index) => ({
          tokens,
          seconds: each * (1 + (index % 3) / 10),
        })),
      }));
      return estimateProject({ ...measured, steps: timed }, materialOf(project)).seconds;
    };
    fc.assert(
      fc.property(steps, seeds, seconds, steps, (count, seedCount, each, more) => {
        const least = total(count, seedCount, each, ['sdt']);
        const larger = [
          total(count + more, seedCount, each, ['sdt']),
          total(count, seedCount + 1, each, ['sdt']),
          total(count, seedCount, each * 1.5, ['sdt']),
          total(count, seedCount, each, ['sdt', 'l2']),
        ];
        for (const one of larger) {
          expect(one.expected).toBeGreaterThanOrEqual(least.expected);
          expect(one.low).toBeGreaterThanOrEqual(least.low);
          expect(one.high).toBeGreaterThanOrEqual(least.high);
        }
        expect(least.low).toBeLessThanOrEqual(least.expected);
        expect(least.expected).toBeLessThanOrEqual(least.high);
      }),
      { numRuns: 50 },
    );
  });
});
