/** ONNX Runtime's Node binding, which is CommonJS. */
import { createRequire } from 'node:module';
import type * as OnnxRuntime from 'onnxruntime-node';

export const ort = createRequire(import.meta.url)('onnxruntime-node') as typeof OnnxRuntime;
export type { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
