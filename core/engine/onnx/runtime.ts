/** ONNX Runtime's Node binding, which is CommonJS. */
import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import type * as OnnxRuntime from 'onnxruntime-node';
import { goOffline } from '../../base/offline.ts';

// Before the library is loaded, which is when it reads the environment.
goOffline(isMainThread);

export const ort = createRequire(import.meta.url)('onnxruntime-node') as typeof OnnxRuntime;
export type { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
