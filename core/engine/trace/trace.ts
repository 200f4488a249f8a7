/** Records a program, and where asked its gradient, as one graph. */
import { tf } from '../tfjs.ts';
import type { Tensor } from '../tfjs.ts';
import type { Environment, Program, ProgramResult, TensorSpec } from '../program.ts';
import { backend, recordInto, tensorOf } from './backend.ts';
import { generalize } from './generalize.ts';
import { GraphBuilder } from './graph.ts';
import type { Graph, Value } from './graph.ts';
import './stockKernels.ts';

/** Prefixes that keep parameters, data and results apart in the graph's name space. */
export const PARAMETER = 'parameter:';
export const INPUT = 'input:';
export const OUTPUT = 'output:';
export const GRADIENT = 'gradient:';
export const ROW_GRADIENT = 'rows:';

/**
 * The graph of a program. Its inputs are named `parameter:…` and `input:…`, its outputs `output:…`
 * and, with gradients, `gradient:…` for each whole parameter and `rows:…` for each look-up.
 */
export function traceProgram(program: Program, withGradients: boolean): Graph {
  const builder = new GraphBuilder();
  const outputs = new Map<string, Value>();
  recordInto(builder, () => {
    const tables = new Map<string, Tensor>();
    const placeholder = ({ name, shape }: TensorSpec): Tensor => {
      const known = tables.get(name);
      if (known !== undefined) return known;
      const tensor = tensorOf(builder.input(`${PARAMETER}${name}`, shape, 'float32'));
      tables.set(name, tensor);
      return tensor;
    };
    const parameters = program.parameters.map(placeholder);
    const inputs = new Map(
      program.inputs.map(({ name, shape, type }) => [
        name,
        tensorOf(builder.input(`${INPUT}${name}`, shape, type)),
      ]),
    );
    const rows = program.lookups.map(({ parameter, indices }) =>
      tf.gather(placeholder(parameter), named(inputs, indices).as1D()),
    );
    const compute = (...values: Tensor[]): ProgramResult => {
      const result = program.compute(environmentOf(program, values, inputs));
      for (const [name, tensor] of Object.entries(result.outputs)) {
        outputs.set(`${OUTPUT}${name}`, backend.valueFor(tensor));
      }
      return result;
    };
    if (!withGradients) {
      compute(...parameters, ...rows);
      return;
    }
    const differentiate = tf.valueAndGrads((...values: Tensor[]) => {
      const { loss } = compute(...values);
      if (loss === undefined) throw new Error(`The program ${program.key} has no loss.`);
      return loss;
    });
    const { grads } = differentiate([...parameters, ...rows]);
    program.parameters.forEach(({ name }, index) => {
      outputs.set(`${GRADIENT}${name}`, backend.valueFor(grads[index]));
    });
    program.lookups.forEach(({ name }, index) => {
      const gradient = grads[program.parameters.length + index];
      outputs.set(`${ROW_GRADIENT}${name}`, backend.valueFor(gradient));
    });
  });
  return builder.finish(outputs);
}

/** Two sizes that no other dimension has: primes, and far from multiples of each other. */
const SIZES = [10_007, 10_009] as const;

/** The graph of a program, at every size of its varying dimension where it has one. */
export function traceGeneral(
  program: Program,
  withGradients: boolean,
  rewrite: (graph: Graph) => Graph = (graph) => graph,
): Graph {
  const { varying } = program;
  if (varying === undefined) return rewrite(traceProgram(program, withGradients));
  const [a, b] = SIZES.map((size) => rewrite(traceProgram(varying.resized(size), withGradients)));
  return generalize(a, b);
}

/** The environment over `values`: first the program's parameters, then the rows of its look-ups. */
export function environmentOf(
  program: Program,
  values: readonly Tensor[],
  inputs: ReadonlyMap<string, Tensor>,
): Environment {
  const count = program.parameters.length;
  const parameters = new Map(program.parameters.map(({ name }, i) => [name, values[i]]));
  const rows = new Map(program.lookups.map(({ name }, i) => [name, values[count + i]]));
  return {
    parameter: (name) => named(parameters, name),
    input: (name) => named(inputs, name),
    rows: (name) => named(rows, name),
  };
}

function named(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`The program did not declare '${name}'.`);
  return tensor;
}
