/** Weights and optimizer moments of a run in safetensors files, under canonical names, bit for bit. */
import type { ParameterSpec, Weights } from '../engine/types.ts';
import { UserError } from '../base/errors.ts';
import { float32Tensor, openSafetensors, writeSafetensors } from './safetensors.ts';
import type { WrittenFile } from './safetensors.ts';
import { describeShape, elementCount, readFloat32 } from './tensors.ts';

/**
 * Writes one tensor for every parameter, atomically, and tells the size and SHA-256 of the file.
 * `weights` holds an array for each of them.
 */
export async function writeWeightsFile(
  path: string,
  parameters: readonly ParameterSpec[],
  weights: Weights,
): Promise<WrittenFile> {
  const tensors = parameters.map(({ name, shape }) => {
    const values = weights.get(name);
    if (values?.length !== elementCount(shape)) {
      throw new Error(`The weights of "${name}" are missing or of the wrong size`);
    }
    return float32Tensor(name, shape, values);
  });
  return writeSafetensors(path, tensors);
}

/**
 * Reads what writeWeightsFile wrote. Throws a UserError when the file is damaged or is not of a
 * model with these parameters.
 */
export async function readWeightsFile(
  path: string,
  parameters: readonly ParameterSpec[],
): Promise<Map<string, Float32Array>> {
  const file = await openSafetensors(path);
  try {
    const weights = new Map<string, Float32Array>();
    for (const { name, shape } of parameters) {
      const tensor = file.tensors.get(name);
      if (tensor === undefined) throw otherModel(path, `tensor "${name}" is missing`);
      if (tensor.type !== 'F32' || describeShape(tensor.shape) !== describeShape(shape)) {
        const found = `${tensor.type} ${describeShape(tensor.shape)}`;
        throw otherModel(path, `tensor "${name}" is ${found}, not F32 ${describeShape(shape)}`);
      }
      weights.set(name, await readFloat32(tensor));
    }
    if (file.tensors.size !== parameters.length) {
      throw otherModel(path, `it has ${file.tensors.size} tensors, not ${parameters.length}`);
    }
    return weights;
  } finally {
    await file.close();
  }
}

function otherModel(path: string, reason: string): UserError {
  return new UserError(
    'checkpoint/other-model',
    `${path} does not fit the model of this run: ${reason}.`,
    'Resume from another checkpoint of the run.',
  );
}
