/**
 * A session over host memory: weights, gradients and optimizer state are arrays here, and an
 * executor computes losses and gradients of one micro-batch at a time from them.
 */
import { Anchor } from './anchor.ts';
import type { Executor } from './executor.ts';
import { GradientAccumulator } from './gradientAccumulator.ts';
import type { AccumulateOptions, Accumulated, MlmTask } from './gradientAccumulator.ts';
import type { AdamWArrays, HostKernels } from './kernels/hostKernels.ts';
import { copied, copyInto, found } from './namedArrays.ts';
import { sizeOf } from './program.ts';
import { projectGradient } from './projection.ts';
import type { ProjectionResult } from './projection.ts';
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
  readonly #executor: Executor;
  readonly #kernels: HostKernels;
  readonly #state: ReadonlyMap<string, AdamWArrays>;
  readonly #weights: Weights;
  readonly #gradients: Weights;
  readonly #accumulator: GradientAccumulator;
  readonly #anchor: Anchor;
  /** The reference of a projection. */
  #reference: Weights | undefined;
  #updates = 0;

  constructor({ task, executor, kernels, weights }: TrainingSessionParts) {
    this.engine = executor.engine;
    this.description = executor.description;
    this.parameters = task.parameters;
    this.#executor = executor;
    this.#kernels = kernels;
    this.#state = new Map(
      task.parameters.map(({ name, shape }) => [name, kernels.allocateParameter(sizeOf(shape))]),
    );
    this.#weights = this.#view((arrays) => arrays.weights);
    this.#gradients = this.#view((arrays) => arrays.gradient);
    copyInto(this.#weights, weights);
    this.#anchor = new Anchor({ parameters: task.parameters, state: this.#state, kernels });
    this.#accumulator = new GradientAccumulator({
      task,
      executor,
      kernels,
      weights: this.#weights,
      anchor: this.#anchor,
    });
  }

  async step(request: StepRequest): Promise<StepResult> {
    const { terms, projection, penalties = [], dropout, update, abandon } = request;
    this.#anchor.check(penalties);
    this.#checkDepthFactors(update);
    const options = { into: this.#gradients, dropout, abandon };
    const task = await this.#accumulator.accumulate(terms, options);
    const reference =
      projection === undefined
        ? undefined
        : await this.#project(projection, { ...options, firstTerm: terms.length });
    const gradient = this.#anchor.addPenalties(penalties);
    const gradientNorm =
      reference !== undefined && Number.isNaN(reference.projection.cosine)
        ? Number.NaN
        : Math.sqrt(gradient.totalSquares);
    return {
      losses: { ...reference?.losses, ...task.losses },
      gradientNorm,
      taskGradientNorm: Math.sqrt(gradient.taskSquares),
      penalties: gradient.penalties,
      projection: reference?.projection ?? null,
      updated: this.#update(update, gradientNorm),
      graphSeconds: task.graphSeconds + (reference?.graphSeconds ?? 0),
      compileSeconds: task.compileSeconds + (reference?.compileSeconds ?? 0),
    };
  }

  async setAnchor(weights: Weights): Promise<void> {
    this.#anchor.set(weights);
  }

  async setImportance(
    name: string,
    importance: ReadonlyMap<string, Float32Array | 1>,
  ): Promise<void> {
    this.#anchor.setImportance(name, importance);
  }

  async drift(): ReturnType<Session['drift']> {
    return this.#anchor.drift();
  }

  allocateSums(): Weights {
    return this.#allocateBeside();
  }

  async addSquaredGradients(
    terms: readonly LossTerm[],
    sums: Weights,
  ): Promise<Readonly<Record<string, LossSum>>> {
    const options = { into: this.#gradients, dropout: null };
    const { losses } = await this.#accumulator.accumulate(terms, options);
    for (const [name, gradient] of this.#gradients) {
      this.#kernels.addSquares(found(sums, name), gradient);
    }
    return losses;
  }

  async gradients(
    terms: readonly LossTerm[],
    dropout: DropoutPlace,
  ): Promise<{ losses: Readonly<Record<string, LossSum>>; gradients: Weights }> {
    const options = { into: this.#gradients, dropout };
    const { losses } = await this.#accumulator.accumulate(terms, options);
    return { losses, gradients: copied(this.#gradients) };
  }

  async evaluate(batch: MlmBatch): Promise<Float32Array> {
    return await this.#accumulator.scored(batch, { kind: 'evaluate' }, 'losses');
  }

  async logits(batch: MlmBatch): Promise<Float32Array> {
    return await this.#accumulator.scored(batch, { kind: 'logits' }, 'logits');
  }

  async applyGradients(gradients: Weights, update: AdamWUpdate): Promise<{ gradientNorm: number }> {
    this.#checkDepthFactors(update);
    copyInto(this.#gradients, gradients);
    const gradientNorm = Math.sqrt(this.#anchor.addPenalties([]).totalSquares);
    this.#update(update, gradientNorm);
    return { gradientNorm };
  }

  async readWeights(): Promise<Weights> {
    return copied(this.#weights);
  }

  async writeWeights(weights: Weights): Promise<void> {
    copyInto(this.#weights, weights);
  }

  async readOptimizer(): Promise<OptimizerState> {
    return {
      step: this.#updates,
      firstMoment: copied(this.#view((arrays) => arrays.firstMoment)),
      secondMoment: copied(this.#view((arrays) => arrays.secondMoment)),
    };
  }

  async writeOptimizer({ step, firstMoment, secondMoment }: OptimizerState): Promise<void> {
    copyInto(
      this.#view((arrays) => arrays.firstMoment),
      firstMoment,
    );
    copyInto(
      this.#view((arrays) => arrays.secondMoment),
      secondMoment,
    );
    this.#updates = step;
  }

  async close(): Promise<void> {
    await this.#executor.close();
    await this.#kernels.close();
  }

  /** Forms the gradient of the reference term and projects the gradient of the terms on it. */
  async #project(
    term: LossTerm,
    options: AccumulateOptions,
  ): Promise<Accumulated & { projection: ProjectionResult }> {
    this.#reference ??= this.#allocateBeside();
    const into = this.#reference;
    const accumulated = await this.#accumulator.accumulate([term], { ...options, into });
    const projection = projectGradient(this.#kernels, this.#gradients, into);
    return { ...accumulated, projection };
  }

  /** Clips and applies AdamW; returns false and leaves it out when the norm is not finite. */
  #update(update: AdamWUpdate, gradientNorm: number): boolean {
    if (!Number.isFinite(gradientNorm)) return false;
    const { maxGradNorm, weightDecay, learningRate, depthFactors, ...settings } = update;
    const gradientScale =
      maxGradNorm === null ? 1 : Math.min(1, maxGradNorm / (gradientNorm + CLIP_EPSILON));
    this.#updates++;
    for (const { name, decay, depth } of this.parameters) {
      this.#kernels.adamW(found(this.#state, name), {
        ...settings,
        learningRate: learningRate * (depthFactors?.[depth] ?? 1),
        weightDecay: decay ? weightDecay : 0,
        step: this.#updates,
        gradientScale,
        zeroGradient: false,
      });
    }
    return true;
  }

  #checkDepthFactors({ depthFactors }: AdamWUpdate): void {
    if (depthFactors === undefined) return;
    for (const { name, depth } of this.parameters) {
      const factor = depthFactors.at(depth);
      if (factor === undefined || !(factor >= 0 && factor < Infinity)) {
        throw new RangeError(
          `There is no factor of the learning rate at depth ${depth} (${name}).`,
        );
      }
    }
  }

  #allocateBeside(): Weights {
    return new Map(
      [...this.#weights].map(([name, array]) => [name, this.#kernels.allocateBeside(array)]),
    );
  }

  #view(part: (arrays: AdamWArrays) => Float32Array): Weights {
    return new Map([...this.#state].map(([name, arrays]) => [name, part(arrays)]));
  }
}
