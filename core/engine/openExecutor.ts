import { availableParallelism, totalmem } from 'node:os';
import { UserError } from '../base/errors.ts';
import type { Executor } from './executor.ts';
import { OnnxExecutor } from './onnx/onnxExecutor.ts';
import type { SessionOptions } from './types.ts';

/** Opens the executor that the options ask for; `allocate` makes the arrays it writes results to. */
export async function openExecutor(
  options: SessionOptions,
  allocate: (length: number) => Float32Array,
): Promise<Executor> {
  const threads = options.threads ?? availableParallelism();
  // A third of the memory: weights, optimizer state and the rest of the machine need theirs.
  const cacheBytes = options.cacheBytes ?? totalmem() / 3;
  switch (options.engine) {
    case 'auto':
    case 'cpu':
      return new OnnxExecutor({ provider: 'cpu', threads, cacheBytes, allocate });
    case 'webgpu':
      return new OnnxExecutor({ provider: 'webgpu', threads, cacheBytes, allocate });
    case 'tensorflow':
      throw new UserError(
        'engine/unavailable',
        'TensorFlow is not installed.',
        'Install it with `npm run setup:tensorflow`, or use --engine cpu.',
      );
  }
}
