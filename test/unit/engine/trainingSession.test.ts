import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHostKernels } from '../../../core/engine/kernels/createHostKernels.ts';
import { StepAbandoned } from '../../../core/engine/stepAbandoned.ts';
import type { TrainingSession } from '../../../core/engine/trainingSession.ts';
import type {
  AdamWUpdate,
  LossTerm,
  MlmBatch,
  StepRequest,
  StepResult,
} from '../../../core/engine/types.ts';
import { flat, labelled, linearWeights, openLinear } from '../../fixtures/linearSession.ts';
import type { Five } from '../../fixtures/linearSession.ts';

/** With β1 = 0 and no clipping the first moment is the gradient of the last update. */
const UPDATE: AdamWUpdate = {
  learningRate: 0.01,
  beta1: 0,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.1,
  maxGradNorm: null,
};
const STILL: AdamWUpdate = { ...UPDATE, learningRate: 0 };

const SLOPES: readonly Five[] = [
  [3, 0, 0, 4, 0],
  [-1, 2, 0, 0, 0],
  [1, 1, 1, 1, 1],
  [Number.NaN, 0, 0, 0, 0],
  [0, 0, 0, 0, 0],
];
const BROKEN = 3;
const ZERO = 4;
const WEIGHTS: Five = [0.5, -0.25, 1, 2, -3];
const ANCHOR: Five = [0.25, 0.25, 1, 0, -1];

const term = (name: string, ...batches: MlmBatch[]): LossTerm => ({ name, weight: 1, batches });
const TARGET = [term('target', labelled(0))];

function open(kernels?: Parameters<typeof openLinear>[0]['kernels']): TrainingSession {
  const given = kernels === undefined ? {} : { kernels };
  return openLinear({ slopes: SLOPES, weights: WEIGHTS, ...given }).session;
}

async function openAnchored(): Promise<TrainingSession> {
  const session = open();
  await session.setAnchor(linearWeights(ANCHOR));
  await session.setImportance(
    'l2',
    new Map([
      ['table', 1],
      ['bias', 1],
    ]),
  );
  await session.setImportance('ewc', new Map([['bias', Float32Array.of(2, 0.5, 0)]]));
  return session;
}

function request(change: Partial<StepRequest> = {}): StepRequest {
  return { terms: TARGET, dropout: null, update: UPDATE, ...change };
}

/** The total gradient of a step, as the optimizer saw it. */
async function gradientOf(
  session: TrainingSession,
  change: Partial<StepRequest>,
): Promise<{ result: StepResult; gradient: number[] }> {
  const result = await session.step(request({ update: STILL, ...change }));
  const { firstMoment } = await session.readOptimizer();
  return { result, gradient: flat(firstMoment) };
}

/** Everything of a session that training changes. */
async function stateOf(session: TrainingSession): Promise<unknown> {
  return [await session.readWeights(), await session.readOptimizer()];
}

describe('a step without penalties and projection', () => {
  it('reports the terms, and one norm twice', async () => {
    const terms = [term('target', labelled(0, 1), labelled(2)), term('source', labelled(2))];
    const { result, gradient } = await gradientOf(open(), { terms });
    const expected = [1 + 1, 1 + 1, 1 / 3 + 1, 5 / 3 + 1, 1 / 3 + 1];
    gradient.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
    expect(result.losses).toEqual({
      target: { sum: 8.75, count: 3 },
      source: { sum: 0.25, count: 1 },
    });
    expect(result.gradientNorm).toBeCloseTo(Math.hypot(...expected), 6);
    expect(result.taskGradientNorm).toBe(result.gradientNorm);
    expect(result.penalties).toEqual({});
    expect(result.projection).toBeNull();
    expect(result.graphSeconds).toBe(1.5);
    expect(result.compileSeconds).toBe(0.75);
  });

  it('leaves a gradient that is not finite out', async () => {
    const session = open();
    const before = await stateOf(session);
    const result = await session.step(request({ terms: [term('target', labelled(BROKEN))] }));
    expect(result.updated).toBe(false);
    expect(await stateOf(session)).toEqual(before);
  });
});

describe('penalties', () => {
  it('add the gradient of their value', async () => {
    const penalties = [
      { name: 'l2', strength: 0.3 },
      { name: 'ewc', strength: 5 },
    ];
    const session = await openAnchored();
    const { gradient } = await gradientOf(session, { terms: [], penalties });
    const valueAt = async (weights: number[]): Promise<number> => {
      await session.writeWeights(linearWeights(weights));
      const result = await session.step(request({ terms: [], penalties, update: STILL }));
      return Object.values(result.penalties).reduce((sum, { value }) => sum + value, 0);
    };
    const step = 2 ** -6;
    for (const [i, slope] of gradient.entries()) {
      const moved = (by: number): number[] => WEIGHTS.map((w, j) => (i === j ? w + by : w));
      const difference = (await valueAt(moved(step))) - (await valueAt(moved(-step)));
      expect(difference / (2 * step)).toBeCloseTo(slope, 5);
    }
  });

  it('report value and norm of each, and the norms without and with them', async () => {
    const session = await openAnchored();
    const penalties = [
      { name: 'l2', strength: 2 },
      { name: 'ewc', strength: 4 },
    ];
    const { result, gradient } = await gradientOf(session, { penalties });
    // θ − θ* = 0.25, −0.5, 0, 2, −2.
    expect(gradient).toEqual([3 + 0.5, -1, 0, 4 + 4 + 4, -4]);
    expect(result.penalties.l2.value).toBe(0.0625 + 0.25 + 4 + 4);
    expect(result.penalties.l2.gradientNorm).toBeCloseTo(Math.hypot(0.5, 1, 4, 4), 10);
    expect(result.penalties.ewc).toEqual({ value: 2 * 0.5 * 4, gradientNorm: 4 });
    expect(result.taskGradientNorm).toBe(5);
    expect(result.gradientNorm).toBeCloseTo(Math.hypot(...gradient), 10);
  });

  it('leave a parameter alone that their importance leaves out', async () => {
    const session = await openAnchored();
    const penalties = [{ name: 'ewc', strength: 4 }];
    const { result, gradient } = await gradientOf(session, { penalties });
    expect(gradient).toEqual([3, 0, 0, 8, 0]);
    expect(result.taskGradientNorm).toBe(5);
  });

  it('are clipped together with the gradient of the terms', async () => {
    const session = await openAnchored();
    const penalties = [{ name: 'l2', strength: 2 }];
    const update = { ...STILL, maxGradNorm: 0.5 };
    const { result, gradient } = await gradientOf(session, { penalties, update });
    expect(result.gradientNorm).toBeGreaterThan(5);
    expect(Math.hypot(...gradient)).toBeCloseTo(0.5, 5);
  });

  it('of strength 0 change no bit, and need neither anchor nor importance', async () => {
    const [plain, idle, anchored] = [open(), open(), await openAnchored()];
    for (let step = 0; step < 5; step++) {
      const terms = [term('target', labelled(step % 3, 2))];
      const dropout = { seed: 1, step };
      const expected = await plain.step(request({ terms, dropout }));
      const penalties = [{ name: 'l2', strength: 0 }];
      for (const session of [idle, anchored]) {
        const { penalties: reports, ...result } = await session.step(
          request({ terms, dropout, penalties }),
        );
        expect({ ...result, penalties: {} }).toEqual(expected);
        expect(reports).toEqual({ l2: { value: 0, gradientNorm: 0 } });
      }
    }
    expect(await stateOf(idle)).toEqual(await stateOf(plain));
    expect(await stateOf(anchored)).toEqual(await stateOf(plain));
  });

  it('that are not finite leave the update out', async () => {
    const session = await openAnchored();
    await session.setImportance('huge', new Map([['bias', new Float32Array(3).fill(1e38)]]));
    const before = await stateOf(session);
    const result = await session.step(request({ penalties: [{ name: 'huge', strength: 1e10 }] }));
    expect(result.updated).toBe(false);
    expect(result.taskGradientNorm).toBe(5);
    expect(await stateOf(session)).toEqual(before);
  });

  it('follow an anchor and an importance that are set anew', async () => {
    const session = await openAnchored();
    await session.setAnchor(linearWeights(WEIGHTS));
    await session.setImportance('ewc', new Map([['table', Float32Array.of(1, 1)]]));
    const penalties = [{ name: 'ewc', strength: 1 }];
    const still = await gradientOf(session, { terms: [], penalties });
    expect(still.gradient).toEqual([0, 0, 0, 0, 0]);
    await session.setAnchor(linearWeights(ANCHOR));
    const { gradient } = await gradientOf(session, { terms: [], penalties });
    expect(gradient).toEqual([0.25, -0.5, 0, 0, 0]);
  });

  it('say what is missing or wrong, before anything is changed', async () => {
    const session = open();
    const step = (name: string, strength: number): Promise<unknown> =>
      session.step(request({ penalties: [{ name, strength }] }));
    await expect(step('l2', 1)).rejects.toThrow('The penalty l2 has no anchor weights.');
    await session.setAnchor(linearWeights(ANCHOR));
    await expect(step('l2', 1)).rejects.toThrow('The penalty l2 has no importance of its name.');
    await session.setImportance('l2', new Map([['bias', 1]]));
    for (const strength of [-1, Number.NaN, Infinity]) {
      await expect(step('l2', strength)).rejects.toThrow(RangeError);
    }
    expect((await session.readOptimizer()).step).toBe(0);
    const importances = [
      ['elsewhere', Float32Array.of(1)],
      ['bias', Float32Array.of(1, 2)],
      ['bias', Float32Array.of(1, -2, 3)],
      ['bias', Float32Array.of(1, Number.NaN, 3)],
    ] as const;
    for (const importance of importances) {
      await expect(session.setImportance('wrong', new Map([importance]))).rejects.toThrow(
        RangeError,
      );
    }
    await expect(step('wrong', 1)).rejects.toThrow(RangeError);
    await expect(session.setAnchor(new Map([['table', Float32Array.of(1)]]))).rejects.toThrow(
      RangeError,
    );
  });
});

describe('a projection', () => {
  // g = (3, 0, 0, 4, 0), m = (−1, 2, 0, 0, 0): g · m = −3, m · m = 5.
  const opposing = term('source', labelled(1));

  it('takes out what opposes the reference', async () => {
    const { result, gradient } = await gradientOf(open(), { projection: opposing });
    const expected = [3 - 0.6, 0 + 1.2, 0, 4, 0];
    gradient.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
    expect(result.projection?.projected).toBe(true);
    expect(result.projection?.cosine).toBeCloseTo(-3 / (5 * Math.sqrt(5)), 12);
    expect(result.gradientNorm).toBeCloseTo(Math.hypot(...expected), 6);
    expect(result.taskGradientNorm).toBe(result.gradientNorm);
    expect(result.losses.source).toEqual({ sum: -1, count: 1 });
    expect(result.graphSeconds).toBe(1);
    expect(result.compileSeconds).toBe(0.5);
  });

  it.each([
    ['agrees', term('source', labelled(2, 0), labelled(2)), 1],
    ['is zero', term('source', labelled(ZERO)), 0],
    ['scores nothing', term('source', labelled()), 0],
  ])('leaves the gradient as it is when the reference %s', async (_, projection, sign) => {
    const { result, gradient } = await gradientOf(open(), { projection });
    expect(gradient).toEqual([...SLOPES[0]]);
    expect(result.projection?.projected).toBe(false);
    expect(Math.sign(result.projection?.cosine ?? Number.NaN)).toBe(sign);
  });

  it('never leaves a gradient that opposes the reference, and shortens it', async () => {
    // Single precision cannot hold what is taken away of numbers at its lower end.
    const slope = fc
      .float({ min: -8, max: 8, noNaN: true })
      .map((value) => (Math.abs(value) < 1e-9 ? 0 : value));
    const five = fc.tuple(...SLOPES.map(() => slope));
    await fc.assert(
      fc.asyncProperty(five, five, async (g, m) => {
        const { session } = openLinear({ slopes: [g, m], weights: WEIGHTS });
        const projection = term('source', labelled(1));
        const { result, gradient } = await gradientOf(session, {
          terms: [term('target', labelled(0))],
          projection,
        });
        const length = Math.hypot(...g) * Math.hypot(...m);
        const product = gradient.reduce((sum, value, i) => sum + value * m[i], 0);
        expect(product).toBeGreaterThanOrEqual(-1e-6 * length);
        expect(Math.hypot(...gradient)).toBeLessThanOrEqual(Math.hypot(...g) * (1 + 1e-6));
        if (result.projection?.projected === true) return;
        gradient.forEach((value, i) => expect(value).toBeCloseTo(g[i], 12));
      }),
    );
  });

  it('comes before the penalties', async () => {
    const session = await openAnchored();
    const penalties = [{ name: 'l2', strength: 2 }];
    const { result, gradient } = await gradientOf(session, { projection: opposing, penalties });
    const projected = [2.4, 1.2, 0, 4, 0];
    const expected = [2.4 + 0.5, 1.2 - 1, 0, 4 + 4, -4];
    gradient.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
    expect(result.taskGradientNorm).toBeCloseTo(Math.hypot(...projected), 6);
    expect(result.gradientNorm).toBeCloseTo(Math.hypot(...expected), 6);
  });

  it('on a reference that is not finite leaves the update out', async () => {
    const session = open();
    const before = await stateOf(session);
    const result = await session.step(request({ projection: term('source', labelled(BROKEN)) }));
    expect(result.updated).toBe(false);
    expect(result.projection?.projected).toBe(false);
    expect(await stateOf(session)).toEqual(before);
  });

  it('draws its dropout masks after those of the terms, which stay as they are', async () => {
    const draw = async (change: Partial<StepRequest>): Promise<Float32Array[]> => {
      const { session, masks } = openLinear({ slopes: SLOPES, weights: WEIGHTS });
      await session.step(request({ dropout: { seed: 7, step: 3 }, ...change }));
      return masks;
    };
    const first = term('target', labelled(0), labelled(1));
    const second = term('source', labelled(2));
    const asTerms = await draw({ terms: [first, second] });
    expect(await draw({ terms: [first], projection: second })).toEqual(asTerms);
    expect(new Set(asTerms.map((mask) => mask.join())).size).toBe(3);
  });

  it('can be abandoned between its batches', async () => {
    const session = open();
    const before = await stateOf(session);
    let asked = 0;
    const projection = term('source', labelled(1), labelled(2));
    const step = session.step(request({ projection, abandon: () => ++asked === 3 }));
    await expect(step).rejects.toThrow(StepAbandoned);
    expect(await stateOf(session)).toEqual(before);
  });
});

describe('depth factors', () => {
  it('multiply the learning rate of the parameters at a depth, and so their decay', async () => {
    const session = open();
    const halved = open();
    const update = { ...UPDATE, depthFactors: [0.5, 9, 1] };
    for (let step = 0; step < 3; step++) {
      await session.step(request({ update }));
      await halved.step(request({ update: { ...UPDATE, learningRate: 0.005 } }));
    }
    const whole = open();
    for (let step = 0; step < 3; step++) await whole.step(request());
    const weights = await session.readWeights();
    expect(weights.get('table')).toEqual((await halved.readWeights()).get('table'));
    expect(weights.get('bias')).toEqual((await whole.readWeights()).get('bias'));
  });

  it('of 1 change no bit', async () => {
    const [plain, session] = [open(), open()];
    await plain.step(request());
    await session.step(request({ update: { ...UPDATE, depthFactors: [1, 1, 1] } }));
    expect(await stateOf(session)).toEqual(await stateOf(plain));
  });

  it.each([[[1, 1]], [[1, 1, -1]], [[Number.NaN, 1, 1]]])('refuse %j', async (depthFactors) => {
    const session = open();
    const before = await stateOf(session);
    const update = { ...UPDATE, depthFactors };
    await expect(session.step(request({ update }))).rejects.toThrow(RangeError);
    await expect(session.applyGradients(linearWeights(ANCHOR), update)).rejects.toThrow(RangeError);
    expect(await stateOf(session)).toEqual(before);
  });
});

describe('drift', () => {
  it('is the distance from the anchor at each depth', async () => {
    const session = await openAnchored();
    expect(await session.drift()).toEqual([
      { distance: Math.hypot(0.25, 0.5), anchorNorm: Math.hypot(0.25, 0.25) },
      { distance: 0, anchorNorm: 0 },
      { distance: Math.sqrt(8), anchorNorm: Math.sqrt(2) },
    ]);
    await session.writeWeights(linearWeights(ANCHOR));
    expect((await session.drift()).map(({ distance }) => distance)).toEqual([0, 0, 0]);
  });

  it('needs an anchor', async () => {
    await expect(open().drift()).rejects.toThrow('The session has no anchor weights');
  });
});

it('adds the squares of whole gradients to sums', async () => {
  const session = open();
  const sums = session.allocateSums();
  expect(flat(sums)).toEqual([0, 0, 0, 0, 0]);
  const before = await stateOf(session);
  const terms = [term('source', labelled(0), labelled(1))];
  const losses = await session.addSquaredGradients(terms, sums);
  expect(losses).toEqual((await session.gradients(terms, null)).losses);
  await session.addSquaredGradients([term('source', labelled(2))], sums);
  // The mean of the first two slopes is (1, 1, 0, 2, 0).
  expect(flat(sums)).toEqual([2, 2, 1, 5, 1]);
  expect(await stateOf(session)).toEqual(before);
  expect(flat(session.allocateSums())).toEqual([0, 0, 0, 0, 0]);
});

it('goes on from written weights and moments to the last bit', async () => {
  const penalties = [
    { name: 'l2', strength: 0.1 },
    { name: 'ewc', strength: 3 },
  ];
  const update = { ...UPDATE, beta1: 0.9, maxGradNorm: 1, depthFactors: [0.8, 0.9, 1] };
  const at = (step: number): StepRequest => ({
    terms: [term('target', labelled(step % 3))],
    projection: term('source', labelled(1, 0)),
    penalties,
    dropout: { seed: 1, step },
    update,
  });
  const whole = await openAnchored();
  const first = await openAnchored();
  for (let step = 0; step < 6; step++) await whole.step(at(step));
  for (let step = 0; step < 3; step++) await first.step(at(step));
  const second = await openAnchored();
  await second.writeWeights(await first.readWeights());
  await second.writeOptimizer(await first.readOptimizer());
  for (let step = 3; step < 6; step++) await second.step(at(step));
  expect(await stateOf(second)).toEqual(await stateOf(whole));
});

it('is the same over WebAssembly, on any number of threads', async () => {
  const outcomes: unknown[] = [];
  for (const kernels of [undefined, createHostKernels(), createHostKernels({ threads: 2 })]) {
    const session = open(kernels);
    await session.setAnchor(linearWeights(ANCHOR));
    await session.setImportance(
      'ewc',
      new Map<string, Float32Array | 1>([
        ['table', 1],
        ['bias', Float32Array.of(2, 0.5, 0)],
      ]),
    );
    const results: StepResult[] = [];
    for (let step = 0; step < 4; step++) {
      const projection = term('source', labelled(1));
      const penalties = [{ name: 'ewc', strength: 0.7 }];
      results.push(await session.step(request({ projection, penalties })));
    }
    outcomes.push([results, await session.drift(), await stateOf(session)]);
    await session.close();
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
  expect(outcomes[2]).toEqual(outcomes[0]);
});
