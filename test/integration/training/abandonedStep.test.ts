import { describe, expect, it } from 'vitest';
import { StepAbandoned } from '../../../core/engine/stepAbandoned.ts';
import type { Session, StepRequest } from '../../../core/engine/types.ts';
import { openMlmSession } from '../../../core/model/openSession.ts';
import { LIVELY_BERT, livelyWeights, randomBatch } from '../../fixtures/livelyEncoders.ts';

const open = (): Promise<Session> =>
  openMlmSession({
    config: LIVELY_BERT,
    weights: livelyWeights(LIVELY_BERT, 3),
    session: { engine: 'cpu', threads: 1 },
  });
const request = (step: number): StepRequest => ({
  terms: [
    { name: 'target', weight: 1, batches: [2, 3].map((seed) => randomBatch(LIVELY_BERT, seed)) },
    { name: 'source', weight: 0.5, batches: [randomBatch(LIVELY_BERT, 4)] },
  ],
  dropout: { seed: 2, step },
  update: {
    learningRate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.01,
    maxGradNorm: 1,
  },
});

describe('an abandoned step', () => {
  it('leaves weights and moments as they were, whichever micro-batch it stopped before', async () => {
    const [untouched, abandoned] = [await open(), await open()];
    await untouched.step(request(0));
    await untouched.step(request(1));

    await abandoned.step(request(0));
    for (const allowed of [0, 1, 2]) {
      let asked = 0;
      const step = abandoned.step({ ...request(1), abandon: () => asked++ >= allowed });
      await expect(step).rejects.toBeInstanceOf(StepAbandoned);
    }
    await abandoned.step(request(1));
    expect(await abandoned.readWeights()).toEqual(await untouched.readWeights());
    expect(await abandoned.readOptimizer()).toEqual(await untouched.readOptimizer());
    await untouched.close();
    await abandoned.close();
  });
});
