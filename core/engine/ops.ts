/** The ops that programs are written in: TensorFlow.js's own, and a few fused ones. */
export { tf } from './tfjs.ts';
export type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from './tfjs.ts';
export { attention } from './ops/attention.ts';
export { crossEntropy } from './ops/crossEntropy.ts';
export { dense } from './ops/dense.ts';
export { distilledCrossEntropy } from './ops/distilledCrossEntropy.ts';
export type { DistilledLosses } from './ops/distilledCrossEntropy.ts';
export { feedForward } from './ops/feedForward.ts';
export { gelu, geluTanh } from './ops/gelu.ts';
export { layerNormalization } from './ops/layerNormalization.ts';
export { takeRows } from './ops/takeRows.ts';
