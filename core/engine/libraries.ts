/** Versions of the libraries that compute: to be told with a question. Loads both of them. */
import { ort } from './onnx/runtime.ts';
import { tf } from './tfjs.ts';

export interface Library {
  readonly name: string;
  readonly version: string;
}

export function engineLibraries(): Library[] {
  return [
    { name: 'ONNX Runtime', version: ort.env.versions.node ?? ort.env.versions.common },
    { name: 'TensorFlow.js', version: tf.version.tfjs },
  ];
}
