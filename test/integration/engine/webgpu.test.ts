import { describe, expect, it } from 'vitest';
import { resolveEngine } from '../../../core/engine/engines.ts';
import { createHostKernels } from '../../../core/engine/kernels/createHostKernels.ts';
import { OnnxExecutor } from '../../../core/engine/onnx/onnxExecutor.ts';
import { TrainingSession } from '../../../core/engine/trainingSession.ts';
import type { Session } from '../../../core/engine/types.ts';
import type { EncoderConfig } from '../../../core/model/config.ts';
import { initialWeights } from '../../../core/model/initialize.ts';
import { createMlmTask } from '../../../core/model/mlmTask.ts';
import { ARCHITECTURES, tinyBatch, tinyConfig } from '../../fixtures/parityModels.ts';
import { expectSameGradients, expectSameStrategies, UPDATE } from '../../fixtures/sessionParity.ts';
import { prepareVulkan } from '../../fixtures/vulkan.ts';

const impossible = prepareVulkan();
const reason = impossible === undefined ? '' : `, skipped: ${impossible}`;

function open(config: EncoderConfig, provider: 'cpu' | 'webgpu'): Session {
  const kernels = createHostKernels();
  const executor = new OnnxExecutor({
    provider,
    threads: 2,
    cacheBytes: 2 ** 28,
    allocate: (length) => kernels.allocate(length),
  });
  const weights = initialWeights(config, 5);
  return new TrainingSession({ task: createMlmTask(config), executor, kernels, weights });
}

/** A software driver compiles some two hundred shaders a model on the CPU. */
const LIMIT = { timeout: 600_000 };

describe.skipIf(impossible !== undefined)(`WebGPU${reason}`, LIMIT, () => {
  it.each(ARCHITECTURES)('takes one training step of %s as the CPU does', async (modelType) => {
    const config = tinyConfig(modelType, 1);
    const [webgpu, cpu] = [open(config, 'webgpu'), open(config, 'cpu')];
    const terms = [{ name: 'target', weight: 1, batches: [tinyBatch()] }];
    const dropout = { seed: 3, step: 4 };
    const here = await webgpu.gradients(terms, dropout);
    const there = await cpu.gradients(terms, dropout);
    const { sum } = there.losses.target;
    expect(Math.abs(here.losses.target.sum - sum)).toBeLessThanOrEqual(1e-5 * sum);
    expectSameGradients(here.gradients, there.gradients);
    const step = await webgpu.step({ terms, dropout, update: UPDATE });
    const expected = await cpu.step({ terms, dropout, update: UPDATE });
    expect(step.updated).toBe(true);
    expect(Math.abs(step.losses.target.sum - sum)).toBeLessThanOrEqual(1e-5 * sum);
    expect(step.gradientNorm).toBeCloseTo(expected.gradientNorm, 4);
    await webgpu.close();
    await cpu.close();
  });

  it('takes a step of every part of an objective as the CPU does', async () => {
    const config = tinyConfig('bert', 1);
    const [webgpu, cpu] = [open(config, 'webgpu'), open(config, 'cpu')];
    const terms = [{ name: 'target', weight: 1, batches: [tinyBatch()] }];
    await expectSameStrategies(webgpu, cpu, { terms, batch: tinyBatch(3) });
    await webgpu.close();
    await cpu.close();
  });

  it('passes its self-check when asked for by name', async () => {
    expect(await resolveEngine('webgpu')).toBe('webgpu');
  });
});
