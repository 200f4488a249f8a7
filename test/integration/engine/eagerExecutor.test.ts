import { describe, expect, it } from 'vitest';
import { EagerExecutor } from '../../../core/engine/eager/eagerExecutor.ts';
import { createHostKernels } from '../../../core/engine/kernels/createHostKernels.ts';
import { OnnxExecutor } from '../../../core/engine/onnx/onnxExecutor.ts';
import { tf } from '../../../core/engine/tfjs.ts';
import { TrainingSession } from '../../../core/engine/trainingSession.ts';
import type { Session } from '../../../core/engine/types.ts';
import type { EncoderConfig } from '../../../core/model/config.ts';
import { initialWeights } from '../../../core/model/initialize.ts';
import { createMlmTask } from '../../../core/model/mlmTask.ts';
import {
  anchorSession,
  expectSameStrategies,
  expectSameTraining,
  fullRequest,
  UPDATE,
} from '../../fixtures/sessionParity.ts';
import { ARCHITECTURES, tinyBatch, tinyConfig, tinyTerms } from '../../fixtures/parityModels.ts';

function open(config: EncoderConfig, engine: 'eager' | 'compiled'): Session {
  const kernels = createHostKernels();
  const executor =
    engine === 'eager'
      ? new EagerExecutor({ backend: 'cpu', description: "TensorFlow.js's CPU backend" })
      : new OnnxExecutor({
          provider: 'cpu',
          threads: 1,
          cacheBytes: 2 ** 28,
          allocate: (length) => kernels.allocate(length),
        });
  const weights = initialWeights(config, 5);
  return new TrainingSession({ task: createMlmTask(config), executor, kernels, weights });
}

describe('the eager executor on the CPU backend', () => {
  it.each(ARCHITECTURES)('trains %s as the compiled one does', async (modelType) => {
    const config = tinyConfig(modelType);
    const [eager, compiled] = [open(config, 'eager'), open(config, 'compiled')];
    await expectSameTraining(eager, compiled, { terms: tinyTerms(), batch: tinyBatch(3) });
    await eager.close();
    await compiled.close();
  });

  it.each(ARCHITECTURES)('takes a step of every part with %s too', async (modelType) => {
    const config = tinyConfig(modelType);
    const [eager, compiled] = [open(config, 'eager'), open(config, 'compiled')];
    await expectSameStrategies(eager, compiled, { terms: tinyTerms(), batch: tinyBatch(3) });
    await eager.close();
    await compiled.close();
  });

  it('leaves no tensor behind', async () => {
    const session = open(tinyConfig('bert'), 'eager');
    await anchorSession(session);
    const request = fullRequest({ terms: tinyTerms(), batch: tinyBatch(3) });
    const before = tf.memory().numTensors;
    for (let step = 0; step < 3; step++) {
      await session.step({ terms: tinyTerms(), dropout: { seed: 1, step }, update: UPDATE });
      await session.step(request);
      await session.evaluate(tinyBatch());
    }
    expect(tf.memory().numTensors).toBe(before);
    await session.close();
  });

  it('names a backend that does not exist', async () => {
    const executor = new EagerExecutor({ backend: 'abacus', description: '' });
    const { program, inputs } = createMlmTask(tinyConfig('bert')).prepare(tinyBatch(), {
      kind: 'evaluate',
    });
    await expect(executor.run(program, { parameters: new Map(), inputs })).rejects.toThrow(
      'abacus',
    );
  });
});
