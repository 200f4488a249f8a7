/** Runs programs op by op on a TensorFlow.js backend, with its own differentiation. */
import type { Executor, InputArray, RunRequest, RunResult } from '../executor.ts';
import type { Program, ProgramResult, TensorSpec } from '../program.ts';
import { tf } from '../tfjs.ts';
import type { Tensor } from '../tfjs.ts';
import { environmentOf } from '../trace/trace.ts';

export interface EagerExecutorOptions {
  /** Name of a registered backend. */
  readonly backend: string;
  readonly description: string;
}

/** What leaves a run: tensors that outlive its tidy block. */
interface Results {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Of the program's parameters, then of its look-ups; empty when only run forward. */
  readonly gradients: readonly Tensor[];
}

export class EagerExecutor implements Executor {
  readonly engine = 'tensorflow';
  readonly description: string;
  readonly #backend: string;

  constructor({ backend, description }: EagerExecutorOptions) {
    this.#backend = backend;
    this.description = description;
  }

  async run(program: Program, request: RunRequest): Promise<RunResult> {
    if (tf.getBackend() !== this.#backend && !(await tf.setBackend(this.#backend))) {
      throw new Error(`TensorFlow.js has no backend '${this.#backend}'.`);
    }
    const start = performance.now();
    const { outputs, gradients } = compute(program, request);
    const result = {
      outputs: new Map<string, Float32Array>(),
      rowGradients: new Map<string, Float32Array>(),
    };
    try {
      for (const [name, tensor] of Object.entries(outputs)) {
        result.outputs.set(name, await floats(tensor));
      }
      for (const [index, gradient] of gradients.entries()) {
        const values = await floats(gradient);
        const count = program.parameters.length;
        if (index < count) {
          found(request.gradients, program.parameters[index].name).set(values);
        } else {
          result.rowGradients.set(program.lookups[index - count].name, values);
        }
      }
    } finally {
      tf.dispose([...Object.values(outputs), ...gradients]);
    }
    return { ...result, graphSeconds: (performance.now() - start) / 1000, compileSeconds: 0 };
  }

  /** Nothing is kept between runs. */
  async close(): Promise<void> {}
}

function compute(program: Program, request: RunRequest): Results {
  let results: Results = { outputs: {}, gradients: [] };
  tf.tidy(() => {
    const tables = new Map<string, Tensor>();
    const parameter = ({ name, shape }: TensorSpec): Tensor => {
      const tensor = tables.get(name) ?? upload(found(request.parameters, name), shape);
      tables.set(name, tensor);
      return tensor;
    };
    const parameters = program.parameters.map(parameter);
    const inputs = new Map(
      program.inputs.map(({ name, shape }) => [name, upload(found(request.inputs, name), shape)]),
    );
    const rows = program.lookups.map((lookup) =>
      tf.gather(parameter(lookup.parameter), found(inputs, lookup.indices).as1D()),
    );
    const forward = (...values: Tensor[]): ProgramResult => {
      const result = program.compute(environmentOf(program, values, inputs));
      // An output may be an input or a value that the gradient needs: the clone is the caller's.
      const outputs = Object.entries(result.outputs).map(([name, x]) => [name, tf.keep(x.clone())]);
      results = { outputs: Object.fromEntries(outputs) as Results['outputs'], gradients: [] };
      return result;
    };
    if (request.gradients === undefined) {
      forward(...parameters, ...rows);
      return;
    }
    const differentiate = tf.valueAndGrads((...values: Tensor[]) => {
      const { loss } = forward(...values);
      if (loss === undefined) throw new Error(`The program ${program.key} has no loss.`);
      return loss;
    });
    const { grads } = differentiate([...parameters, ...rows]);
    results = { outputs: results.outputs, gradients: grads.map((gradient) => tf.keep(gradient)) };
  });
  return results;
}

function upload(array: InputArray, shape: readonly number[]): Tensor {
  return tf.tensor(array, [...shape], array instanceof Float32Array ? 'float32' : 'int32');
}

async function floats(tensor: Tensor): Promise<Float32Array> {
  const values = await tensor.data();
  if (!(values instanceof Float32Array)) throw new Error(`A result is ${tensor.dtype}.`);
  return values;
}

function found<T>(map: ReadonlyMap<string, T> | undefined, name: string): T {
  const value = map?.get(name);
  if (value === undefined) throw new Error(`No array was given for ${name}.`);
  return value;
}
