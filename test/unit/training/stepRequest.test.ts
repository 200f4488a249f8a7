import { describe, expect, it } from 'vitest';
import type { MlmBatch, ParameterSpec, Weights } from '../../../core/engine/types.ts';
import { objectiveOf, strategyPartsSchema } from '../../../core/strategies/parts.ts';
import type { Objective } from '../../../core/strategies/types.ts';
import { importanceOf } from '../../../core/training/anchor.ts';
import { trainingSettingsSchema } from '../../../core/training/configuration.ts';
import { stepRequest, tokensOf } from '../../../core/training/stepRequest.ts';

const objective = (parts: object): Objective => objectiveOf('', strategyPartsSchema.parse(parts));

const PARAMETERS: readonly ParameterSpec[] = [
  { name: 'word', shape: [2, 2], kind: 'embedding', decay: true, depth: 0 },
  { name: 'norm', shape: [2], kind: 'layerNorm', decay: false, depth: 1 },
  { name: 'dense', shape: [2, 2], kind: 'matrix', decay: true, depth: 2 },
  { name: 'bias', shape: [2], kind: 'bias', decay: false, depth: 3 },
];

/** Its only label says which stream and step it is of. */
function batch(stream: number, step: number): MlmBatch {
  return {
    batchSize: 1,
    sequenceLength: 4,
    inputIds: new Int32Array(4),
    attentionMask: Uint8Array.of(1, 1, 1, 0),
    positions: Int32Array.of(1),
    labels: Int32Array.of(100 * stream + step),
  };
}

function request(parts: object, settings: object = {}): ReturnType<typeof stepRequest> {
  const streams = {
    target: { stepsPerEpoch: 9, batchesAt: (step: number) => [batch(1, step), batch(1, step)] },
    source: { stepsPerEpoch: 9, batchesAt: (step: number) => [batch(2, step)] },
  };
  const material = {
    objective: objective(parts),
    streams,
    settings: trainingSettingsSchema.parse(settings),
    seed: 6,
    parameters: PARAMETERS,
  };
  return stepRequest(material, 5, 0.001);
}

describe('stepRequest', () => {
  it('of SDT is one term and nothing else', () => {
    const { terms, dropout, update, ...rest } = request({});
    expect(rest).toEqual({});
    expect(terms).toEqual([{ name: 'target', weight: 1, batches: [batch(1, 5), batch(1, 5)] }]);
    expect(dropout).toEqual({ seed: 6, step: 5 });
    expect(update).toEqual({
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
      maxGradNorm: 1,
    });
    expect(request({}, { max_grad_norm: 0 }).update.maxGradNorm).toBeNull();
  });

  it('has source batches as a weighted term with RH, as a reference with GEM', () => {
    const rh = request({ rh: { lambda: 0.5 } });
    expect(rh.terms[1]).toEqual({ name: 'source', weight: 0.5, batches: [batch(2, 5)] });
    expect(rh.projection).toBeUndefined();
    const gem = request({ gem: {} });
    expect(gem.terms).toHaveLength(1);
    expect(gem.projection).toEqual({ name: 'source', weight: 1, batches: [batch(2, 5)] });
    expect([tokensOf(request({})), tokensOf(rh), tokensOf(gem)]).toEqual([6, 9, 9]);
  });

  it('has penalties by name, distillation on the target, and rates of layers', () => {
    const all = request({
      rh: {},
      l2: { lambda: 2 },
      ewc: { lambda: 3 },
      lwf: { lambda: 4, temperature: 2 },
      lrc: { decay: 0.5 },
    });
    expect(all.penalties).toEqual([
      { name: 'l2', strength: 2 },
      { name: 'ewc', strength: 3 },
    ]);
    const distillation = { name: 'distillation', weight: 4, temperature: 2 };
    expect(all.terms.map((term) => term.distillation)).toEqual([distillation, undefined]);
    // Two layers between the embeddings and the head.
    expect(all.update.depthFactors).toEqual([0.25, 0.5, 1, 1]);
  });
});

describe('importanceOf', () => {
  const diagonal: Weights = new Map(
    PARAMETERS.map(({ name, shape }) => [
      name,
      new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5),
    ]),
  );
  const names = (parts: object, weights: Weights | undefined): string[] => {
    const [penalty] = objective(parts).penalties;
    return penalty === undefined ? [] : [...importanceOf(PARAMETERS, penalty, weights).keys()];
  };

  it('is 1 everywhere for L2 and the diagonal for EWC', () => {
    const [l2, ewc] = objective({ l2: {}, ewc: {} }).penalties;
    if (l2 === undefined || ewc === undefined) throw new Error('two penalties');
    expect([...importanceOf(PARAMETERS, l2, undefined).values()]).toEqual([1, 1, 1, 1]);
    expect(importanceOf(PARAMETERS, ewc, diagonal)).toEqual(diagonal);
  });

  it('leaves LayerNorm out when told so', () => {
    for (const part of ['l2', 'ewc']) {
      expect(names({ [part]: {} }, diagonal)).toEqual(['word', 'norm', 'dense', 'bias']);
      expect(names({ [part]: { layer_norm: false } }, diagonal)).toEqual(['word', 'dense', 'bias']);
    }
  });
});
