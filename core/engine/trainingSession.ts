/**
 * A session over host memory: weights, gradients and optimizer state are arrays here, and an
 * executor computes losses and gradients of one micro-batch at a time from them.
 */
import type { Executor, InputArray, RunResult } from './executor.ts';
import type { AdamWArrays, HostKernels } from './kernels/hostKernels.ts';
import { sizeOf } from './program.ts';
import type { InputSpec, Program } from './program.ts';
import { StepAbandoned } from './stepAbandoned.ts';
import type {
  AdamWUpdate,
  DropoutPlace,
  EngineName,
  LossSum,
  LossTerm,
  MlmBatch,
  OptimizerState,
  ParameterSpec,
  Session,
  StepRequest,
  StepResult,
  Weights,
} from './types.ts';

export type Purpose =
  | { readonly kind: 'train'; readonly positionWeight: number; readonly dropout: boolean }
  | { readonly kind: 'evaluate' }
  | { readonly kind: 'logits' };

/** A batch laid out for a program. `inputs` holds all but the dropout masks. */
export interface PreparedBatch {
  readonly program: Program;
  readonly inputs: ReadonlyMap<string, InputArray>;
}

/** The model's side of a session. Programs have the output `losses` or `logits`, scored rows first. */
export interface MlmTask {
  readonly parameters: readonly ParameterSpec[];
  prepare(batch: MlmBatch, purpose: Purpose): PreparedBatch;
}

export interface TrainingSessionParts {
  readonly task: MlmTask;
  readonly executor: Executor;
  readonly kernels: HostKernels;
  readonly weights: Weights;
}

/** The smallest constant of torch.nn.utils.clip_grad_norm_. */
const CLIP_EPSILON = 1e-6;

export class TrainingSession implements Session {
  readonly engine: EngineName;
  readonly description: string;
  readonly parameters: readonly ParameterSpec[];
  readonly #task: MlmTask;
  readonly #executor: Executor;
  readonly #kernels: HostKernels;
  readonly #state: ReadonlyMap<string, AdamWArrays>;
  readonly #weights: ReadonlyMap<string, Float32Array>;
  readonly #gradients: ReadonlyMap<string, Float32Array>;
  /** Gradients of the second and later micro-batches, before they are added. */
  #microBatchGradients: ReadonlyMap<string, Float32Array> | undefined;
  readonly #masks = new Map<string, Float32Array>();
  #updates = 0;

  constructor({ task, executor, kernels, weights }: TrainingSessionParts) {
    this.engine = executor.engine;
    this.description = executor.description;
    this.parameters = task.parameters;
    this.#task = task;
    this.#executor = executor;
    this.#kernels = kernels;
    this.#state = new Map(
      task.parameters.map(({ name, shape }) => [name, kernels.allocateParameter(sizeOf(shape))]),
    );
    this.#weights = this.#view((arrays) => arrays.weights);
    this.#gradients = this.#view((arrays) => arrays.gradient);
    this.#copyInto(this.#weights, weights);
  }

  async step({ terms, dropout, update, abandon }: StepRequest): Promise<StepResult> {
    const { losses, graphSeconds } = await this.#accumulate(terms, dropout, abandon);
    const { gradientNorm, updated } = this.#update(update);
    return { losses, gradientNorm, updated, graphSeconds };
  }

  async gradients(
    terms: readonly LossTerm[],
    dropout: DropoutPlace,
  ): Promise<{ losses: Readonly<Record<string, LossSum>>; gradients: Weights }> {
    const { losses } = await this.#accumulate(terms, dropout);
    return { losses, gradients: copied(this.#gradients) };
  }

  async evaluate(batch: MlmBatch): Promise<Float32Array> {
    return await this.#scored(batch, { kind: 'evaluate' }, 'losses');
  }

  async logits(batch: MlmBatch): Promise<Float32Array> {
    return await this.#scored(batch, { kind: 'logits' }, 'logits');
  }

  async applyGradients(gradients: Weights, update: AdamWUpdate): Promise<{ gradientNorm: number }> {
    this.#copyInto(this.#gradients, gradients);
    const { gradientNorm } = this.#update(update);
    return { gradientNorm };
  }

  async readWeights(): Promise<Weights> {
    return copied(this.#weights);
  }

  async writeWeights(weights: Weights): Promise<void> {
    this.#copyInto(this.#weights, weights);
  }

  async readOptimizer(): Promise<OptimizerState> {
    return {
      step: this.#updates,
      firstMoment: copied(this.#view((arrays) => arrays.firstMoment)),
      secondMoment: copied(this.#view((arrays) => arrays.secondMoment)),
    };
  }

  async writeOptimizer({ step, firstMoment, secondMoment }: OptimizerState): Promise<void> {
    this.#copyInto(
      this.#view((arrays) => arrays.firstMoment),
      firstMoment,
    );
    this.#copyInto(
      this.#view((arrays) => arrays.secondMoment),
      secondMoment,
    );
    this.#updates = step;
  }

  async close(): Promise<void> {
    await this.#executor.close();
    await this.#kernels.close();
  }

  /** Leaves the total gradient of the terms in the gradient arrays. */
  async #accumulate(
    terms: readonly LossTerm[],
    dropout: DropoutPlace,
    abandon: () => boolean = () => false,
  ): Promise<{ losses: Record<string, LossSum>; graphSeconds: number }> {
    const losses: Record<string, LossSum> = {};
    let graphSeconds = 0;
    let empty = true;
    for (const [termIndex, { name, weight, batches }] of terms.entries()) {
      const count = batches.reduce((total, { positions }) => total + positions.length, 0);
      let sum = 0;
      for (const [microBatch, batch] of batches.entries()) {
        if (abandon()) throw new StepAbandoned();
        if (batch.positions.length === 0) continue;
        const { program, inputs } = this.#task.prepare(batch, {
          kind: 'train',
          positionWeight: weight / count,
          dropout: dropout !== null,
        });
        const place = dropout === null ? null : { ...dropout, term: termIndex, microBatch };
        const gradients = empty ? this.#gradients : this.#scratchGradients();
        const result = await this.#executor.run(program, {
          parameters: this.#weights,
          inputs: this.#withMasks(program.inputs, inputs, place),
          gradients,
        });
        this.#addMicroBatch(program, inputs, result, empty);
        sum += sumOf(found(result.outputs, 'losses').subarray(0, batch.positions.length));
        graphSeconds += result.graphSeconds;
        empty = false;
      }
      losses[name] = { sum, count };
    }
    if (empty) for (const gradient of this.#gradients.values()) gradient.fill(0);
    return { losses, graphSeconds };
  }

  #addMicroBatch(
    program: Program,
    inputs: ReadonlyMap<string, InputArray>,
    { rowGradients }: RunResult,
    first: boolean,
  ): void {
    const whole = new Set(program.parameters.map(({ name }) => name));
    for (const [name, total] of this.#gradients) {
      if (first && !whole.has(name)) total.fill(0);
      if (!first && whole.has(name)) {
        this.#kernels.accumulate(total, found(this.#scratchGradients(), name), 1);
      }
    }
    for (const { name, parameter, indices } of program.lookups) {
      const rows = found(inputs, indices);
      if (!(rows instanceof Int32Array)) throw new Error(`${indices} does not hold row indices.`);
      const total = found(this.#gradients, parameter.name);
      this.#kernels.addRows(total, rows, found(rowGradients, name), 1);
    }
  }

  #update(update: AdamWUpdate): { gradientNorm: number; updated: boolean } {
    let squares = 0;
    for (const gradient of this.#gradients.values()) {
      squares += this.#kernels.squaredNorm(gradient);
    }
    const gradientNorm = Math.sqrt(squares);
    if (!Number.isFinite(gradientNorm)) return { gradientNorm, updated: false };
    const { maxGradNorm, weightDecay, ...settings } = update;
    const gradientScale =
      maxGradNorm === null ? 1 : Math.min(1, maxGradNorm / (gradientNorm + CLIP_EPSILON));
    this.#updates++;
    for (const { name, decay } of this.parameters) {
      this.#kernels.adamW(found(this.#state, name), {
        ...settings,
        weightDecay: decay ? weightDecay : 0,
        step: this.#updates,
        gradientScale,
        zeroGradient: false,
      });
    }
    return { gradientNorm, updated: true };
  }

  async #scored(batch: MlmBatch, purpose: Purpose, output: string): Promise<Float32Array> {
    const count = batch.positions.length;
    if (count === 0) return new Float32Array(0);
    const { program, inputs } = this.#task.prepare(batch, purpose);
    const { outputs } = await this.#executor.run(program, { parameters: this.#weights, inputs });
    const values = found(outputs, output);
    const [rows] = program.inputs.find(({ name }) => name === 'positions')?.shape ?? [count];
    return values.slice(0, (values.length / rows) * count);
  }

  #withMasks(
    specs: readonly InputSpec[],
    inputs: ReadonlyMap<string, InputArray>,
    place: { seed: number; step: number; term: number; microBatch: number } | null,
  ): ReadonlyMap<string, InputArray> {
    if (place === null) return inputs;
    const all = new Map(inputs);
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

  #scratchGradients(): ReadonlyMap<string, Float32Array> {
    this.#microBatchGradients ??= new Map(
      [...this.#gradients].map(([name, { length }]) => [name, this.#kernels.allocate(length)]),
    );
    return this.#microBatchGradients;
  }

  #view(part: (arrays: AdamWArrays) => Float32Array): ReadonlyMap<string, Float32Array> {
    return new Map([...this.#state].map(([name, arrays]) => [name, part(arrays)]));
  }

  /** Throws when a parameter is missing or has another length; ignores names it does not know. */
  #copyInto(target: ReadonlyMap<string, Float32Array>, source: Weights): void {
    for (const [name, array] of target) {
      const given = found(source, name);
      if (given.length !== array.length) {
        throw new RangeError(`${name} has ${array.length} values, but ${given.length} were given.`);
      }
    }
    for (const [name, array] of target) array.set(found(source, name));
  }
}

function copied(arrays: ReadonlyMap<string, Float32Array>): Weights {
  return new Map([...arrays].map(([name, array]) => [name, Float32Array.from(array)]));
}

function sumOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function found<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new RangeError(`There is no array for ${name}.`);
  return value;
}
