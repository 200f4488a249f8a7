/** Gradients of loss terms: an executor runs their micro-batches, and host arrays take the sum. */
import type { Executor, InputArray, RunResult } from './executor.ts';
import type { HostKernels } from './kernels/hostKernels.ts';
import { found } from './namedArrays.ts';
import { sizeOf } from './program.ts';
import type { InputSpec, Program } from './program.ts';
import { StepAbandoned } from './stepAbandoned.ts';
import type {
  Distillation,
  DropoutPlace,
  LossSum,
  LossTerm,
  MlmBatch,
  ParameterSpec,
  Weights,
} from './types.ts';

export interface TrainPurpose {
  readonly kind: 'train';
  /** Of the loss at each scored position in what is differentiated. */
  readonly positionWeight: number;
  readonly dropout: boolean;
  /** The program has the output `divergences` too, which have a position weight of their own. */
  readonly distillation?: { readonly positionWeight: number; readonly temperature: number };
}

export type Purpose = TrainPurpose | { readonly kind: 'evaluate' } | { readonly kind: 'logits' };

/** The input of a distilling program that is the output `logits` of the anchor model. */
export const TEACHER_LOGITS = 'teacherLogits';

/** A batch laid out for a program. `inputs` holds all but dropout masks and teacher logits. */
export interface PreparedBatch {
  readonly program: Program;
  readonly inputs: ReadonlyMap<string, InputArray>;
}

/** The model's side of a session. Programs have the output `losses` or `logits`, scored rows first. */
export interface MlmTask {
  readonly parameters: readonly ParameterSpec[];
  prepare(batch: MlmBatch, purpose: Purpose): PreparedBatch;
}

export interface AccumulatorParts {
  readonly task: MlmTask;
  readonly executor: Executor;
  readonly kernels: HostKernels;
  readonly weights: Weights;
  /** θ*, asked for when a term distils. */
  readonly anchor: { readonly weights: Weights };
}

export interface AccumulateOptions {
  /** Overwritten with the total gradient: one array for each parameter. */
  readonly into: Weights;
  readonly dropout: DropoutPlace;
  /** Number of the first term among those of the step, which places its dropout masks. */
  readonly firstTerm?: number;
  readonly abandon?: (() => boolean) | undefined;
}

export interface Accumulated {
  readonly losses: Readonly<Record<string, LossSum>>;
  readonly graphSeconds: number;
  readonly compileSeconds: number;
}

/** Where the dropout masks of a micro-batch are drawn. */
type MaskPlace = { seed: number; step: number; term: number; microBatch: number } | null;

export class GradientAccumulator {
  readonly #task: MlmTask;
  readonly #executor: Executor;
  readonly #kernels: HostKernels;
  readonly #weights: Weights;
  readonly #anchor: { readonly weights: Weights };
  /** Gradients of the second and later micro-batches, before they are added. */
  #scratch: Weights | undefined;
  readonly #masks = new Map<string, Float32Array>();

  constructor({ task, executor, kernels, weights, anchor }: AccumulatorParts) {
    this.#task = task;
    this.#executor = executor;
    this.#kernels = kernels;
    this.#weights = weights;
    this.#anchor = anchor;
  }

  /** The total gradient of the terms; zero when they score nothing. */
  async accumulate(
    terms: readonly LossTerm[],
    { into, dropout, firstTerm = 0, abandon = () => false }: AccumulateOptions,
  ): Promise<Accumulated> {
    const losses: Record<string, LossSum> = {};
    let graphSeconds = 0;
    let compileSeconds = 0;
    let empty = true;
    for (const [index, { name, weight, batches, distillation }] of terms.entries()) {
      const count = batches.reduce((total, { positions }) => total + positions.length, 0);
      const sums = { losses: 0, divergences: 0 };
      const purpose: TrainPurpose = {
        kind: 'train',
        positionWeight: weight / count,
        dropout: dropout !== null,
        ...distilling(distillation, count),
      };
      for (const [microBatch, batch] of batches.entries()) {
        if (abandon()) throw new StepAbandoned();
        if (batch.positions.length === 0) continue;
        const { program, inputs } = this.#task.prepare(batch, purpose);
        const place = dropout === null ? null : { ...dropout, term: firstTerm + index, microBatch };
        const all = this.#withMasks(program.inputs, inputs, place);
        if (purpose.distillation !== undefined) {
          const teacher = await this.#teach(batch);
          all.set(TEACHER_LOGITS, teacher.logits);
          graphSeconds += teacher.graphSeconds;
          compileSeconds += teacher.compileSeconds;
        }
        const result = await this.#executor.run(program, {
          parameters: this.#weights,
          inputs: all,
          gradients: empty ? into : this.#scratchGradients(),
        });
        this.#addMicroBatch(program, inputs, result, into, empty);
        const scored = (output: string): Float32Array =>
          found(result.outputs, output).subarray(0, batch.positions.length);
        sums.losses += sumOf(scored('losses'));
        if (purpose.distillation !== undefined) sums.divergences += sumOf(scored('divergences'));
        graphSeconds += result.graphSeconds;
        compileSeconds += result.compileSeconds;
        empty = false;
      }
      losses[name] = { sum: sums.losses, count };
      if (distillation !== undefined && purpose.distillation !== undefined) {
        losses[distillation.name] = { sum: sums.divergences, count };
      }
    }
    if (empty) for (const gradient of into.values()) gradient.fill(0);
    return { losses, graphSeconds, compileSeconds };
  }

  /** An output of a program at the scored positions, dropout off. */
  async scored(batch: MlmBatch, purpose: Purpose, output: string): Promise<Float32Array> {
    const count = batch.positions.length;
    if (count === 0) return new Float32Array(0);
    const { program, inputs } = this.#task.prepare(batch, purpose);
    const { outputs } = await this.#executor.run(program, { parameters: this.#weights, inputs });
    const values = found(outputs, output);
    const [rows] = program.inputs.find(({ name }) => name === 'positions')?.shape ?? [count];
    return values.slice(0, (values.length / rows) * count);
  }

  /** The logits of the anchor model, dropout off; valid as an executor's outputs are. */
  async #teach(
    batch: MlmBatch,
  ): Promise<{ logits: Float32Array } & Pick<RunResult, 'graphSeconds' | 'compileSeconds'>> {
    const { program, inputs } = this.#task.prepare(batch, { kind: 'logits' });
    const parameters = this.#anchor.weights;
    const { outputs, ...times } = await this.#executor.run(program, { parameters, inputs });
    return { logits: found(outputs, 'logits'), ...times };
  }

  #addMicroBatch(
    program: Program,
    inputs: ReadonlyMap<string, InputArray>,
    { rowGradients }: RunResult,
    into: Weights,
    first: boolean,
  ): void {
    const whole = new Set(program.parameters.map(({ name }) => name));
    for (const [name, total] of into) {
      if (first && !whole.has(name)) total.fill(0);
      if (!first && whole.has(name)) {
        this.#kernels.accumulate(total, found(this.#scratchGradients(), name), 1);
      }
    }
    for (const { name, parameter, indices } of program.lookups) {
      const rows = found(inputs, indices);
      if (!(rows instanceof Int32Array)) throw new Error(`${indices} does not hold row indices.`);
      this.#kernels.addRows(found(into, parameter.name), rows, found(rowGradients, name), 1);
    }
  }

  #withMasks(
    specs: readonly InputSpec[],
    inputs: ReadonlyMap<string, InputArray>,
    place: MaskPlace,
  ): Map<string, InputArray> {
    const all = new Map(inputs);
    if (place === null) return all;
    for (const { name, shape, dropout } of specs) {
      if (dropout === undefined) continue;
      const mask = this.#mask(name, sizeOf(shape));
      this.#kernels.dropoutMask(mask, { ...place, ...dropout });
      all.set(name, mask);
    }
    return all;
  }

  #mask(name: string, length: number): Float32Array {
    const held = this.#masks.get(name);
    if (held !== undefined && held.length >= length) return held.subarray(0, length);
    const made = this.#kernels.allocate(length);
    this.#masks.set(name, made);
    return made;
  }

  #scratchGradients(): Weights {
    this.#scratch ??= new Map(
      [...this.#weights].map(([name, array]) => [name, this.#kernels.allocateBeside(array)]),
    );
    return this.#scratch;
  }
}

/** A weight of 0 leaves the distillation out. Throws a RangeError for one that has no meaning. */
function distilling(
  distillation: Distillation | undefined,
  count: number,
): Pick<TrainPurpose, 'distillation'> {
  if (distillation === undefined) return {};
  const { name, weight, temperature } = distillation;
  if (!(weight >= 0 && weight < Infinity)) {
    throw new RangeError(`The weight ${weight} of the distillation ${name} is not 0 or more.`);
  }
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(
      `The temperature ${temperature} of the distillation ${name} is not above 0.`,
    );
  }
  if (weight === 0) return {};
  return { distillation: { positionWeight: weight / count, temperature } };
}

function sumOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
