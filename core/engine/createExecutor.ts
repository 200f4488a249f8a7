import { availableParallelism, totalmem } from 'node:os';
import { EagerExecutor } from './eager/eagerExecutor.ts';
import { loadTensorFlow, TENSORFLOW_BACKEND } from './eager/tensorflow.ts';
import type { Executor } from './executor.ts';
import { OnnxExecutor } from './onnx/onnxExecutor.ts';
import type { EngineName, SessionOptions } from './types.ts';

/**
 * The executor of an engine, unchecked; `allocate` makes the arrays it writes results to. Throws a
 * UserError when TensorFlow is asked for and cannot be loaded.
 */
export function createExecutor(
  engine: EngineName,
  options: Omit<SessionOptions, 'engine'>,
  allocate: (length: number) => Float32Array,
): Executor {
  switch (engine) {
    case 'cpu':
    case 'webgpu': {
      const threads = options.threads ?? availableParallelism();
      // An eighth of the memory, at least 2 GiB: weights, optimizer state and other programs need theirs.
      const cacheBytes = options.cacheBytes ?? Math.max(2 ** 31, totalmem() / 8);
      return new OnnxExecutor({ provider: engine, threads, cacheBytes, allocate });
    }
    case 'tensorflow': {
      const { description } = loadTensorFlow();
      return new EagerExecutor({ backend: TENSORFLOW_BACKEND, description });
    }
  }
}
