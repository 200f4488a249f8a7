/**
 * TensorFlow.js, loaded as the CommonJS bundle: gradients of `@tensorflow/tfjs-core` are registered
 * by a module that plain Node cannot load as ESM, and the bundle holds them.
 */
import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';

export const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as typeof TensorFlow;
// Without this the library prints an advertisement for its native backend at first use.
tf.env().set('PROD', true);

export type { Tensor, Tensor1D, Tensor2D, Tensor4D, Scalar } from '@tensorflow/tfjs';
export type { TensorInfo, NamedTensorMap, NamedAttrMap, KernelConfig } from '@tensorflow/tfjs';
