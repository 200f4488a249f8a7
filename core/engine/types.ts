/**
 * What the rest of the product knows of the engine: plain arrays in, plain numbers out. Weights,
 * gradients and optimizer state have one owner, the session, so that an executor may keep them on
 * its device; no strategy and no training loop ever sees a tensor.
 */

/** An executor: ONNX Runtime on the CPU, ONNX Runtime on WebGPU, or TensorFlow run eagerly. */
export type EngineName = 'cpu' | 'webgpu' | 'tensorflow';
/** What a person can ask for; `auto` picks the fastest one that passes its self-check. */
export type EngineChoice = 'auto' | EngineName;

/** Weights by canonical parameter name (see model/parameters.ts), row-major, float32. */
export type Weights = ReadonlyMap<string, Float32Array>;

/** A trainable tensor. Matrices are stored as Hugging Face does: (out, in). */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** `embedding` gradients are sums over looked-up rows. */
  readonly kind: 'embedding' | 'matrix' | 'bias' | 'layerNorm';
  /** AdamW's decoupled decay applies: not to biases and LayerNorm (Hugging Face grouping). */
  readonly decay: boolean;
  /** 0 for the embeddings, 1 … L for the encoder layers, L + 1 for the head. */
  readonly depth: number;
}

/**
 * A micro-batch for masked language modelling. Windows are padded at the right or left to one
 * length; `attentionMask` says where tokens are. Scored positions are listed, not dense.
 */
export interface MlmBatch {
  readonly batchSize: number;
  readonly sequenceLength: number;
  /** (batch, sequence), after masking. */
  readonly inputIds: Int32Array;
  /** (batch, sequence), 1 = token, 0 = padding. */
  readonly attentionMask: Uint8Array;
  /** (batch, sequence); all zero when absent. Ignored by models without token types. */
  readonly tokenTypeIds?: Int32Array;
  /** (scored), ascending flat indices row × sequenceLength + column. May be empty. */
  readonly positions: Int32Array;
  /** (scored), the true token ids at `positions`. */
  readonly labels: Int32Array;
}

/**
 * Micro-batches that form one loss term: weight × Σ loss / Σ scored over all its batches, and with a
 * distillation + distillation.weight × Σ divergence / Σ scored. The term's weight does not scale the
 * divergence.
 */
export interface LossTerm {
  readonly name: string;
  readonly weight: number;
  readonly batches: readonly MlmBatch[];
  /** Needs an anchor. */
  readonly distillation?: Distillation;
}

/**
 * The divergence temperature² × KL(p_anchor ‖ p_θ) at each scored position, both distributions
 * softened by the temperature (Hinton et al. 2015; as a guard against forgetting: Li and Hoiem 2016).
 * The anchor model reads the same masked batch with dropout off. A weight of 0 leaves it out.
 */
export interface Distillation {
  /** Under this name Σ divergence, temperature² included, is reported among the losses of the step. */
  readonly name: string;
  readonly weight: number;
  readonly temperature: number;
}

/** (strength / 2) Σ_i importance_i (θ_i − θ*_i)²; importances are set with `setImportance`. */
export interface QuadraticPenalty {
  /** Of the importance and of the reported signals. */
  readonly name: string;
  readonly strength: number;
}

/** Places the dropout masks of a step; null = dropout off. Masks are drawn from (seed, step, term, micro-batch, layer). */
export type DropoutPlace = { readonly seed: number; readonly step: number } | null;

/** AdamW with decoupled weight decay (Loshchilov and Hutter 2019), bias-corrected, as torch.optim.AdamW. */
export interface AdamWUpdate {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Global-norm clipping as torch.nn.utils.clip_grad_norm_; null = off. */
  readonly maxGradNorm: number | null;
  /** Multiplies the learning rate of the parameters at each depth (ParameterSpec.depth); all 1 when absent. */
  readonly depthFactors?: readonly number[];
}

export interface LossSum {
  /** Σ of −log p(label) over scored positions, nats. */
  readonly sum: number;
  /** Number of scored positions. */
  readonly count: number;
}

export interface StepRequest {
  readonly terms: readonly LossTerm[];
  /**
   * A reference m = ∇ mean loss. When the gradient g of the terms has g · m < 0, it is replaced by
   * g − (g · m / m · m) m (GEM with one memory; Lopez-Paz and Ranzato 2017, Chaudhry et al. 2019).
   */
  readonly projection?: LossTerm;
  /** Added after the projection, in closed form: the gradient is strength × importance × (θ − θ*). */
  readonly penalties?: readonly QuadraticPenalty[];
  readonly dropout: DropoutPlace;
  readonly update: AdamWUpdate;
  /** Asked before every micro-batch; when it says yes, the step rejects with StepAbandoned. */
  readonly abandon?: () => boolean;
}

export interface StepResult {
  /** By name: of the terms, of their distillations, and of the projection's reference. */
  readonly losses: Readonly<Record<string, LossSum>>;
  /** Global norm of the total gradient, penalties included, before clipping. */
  readonly gradientNorm: number;
  /** Global norm of the gradient of the terms, after the projection and without penalties. */
  readonly taskGradientNorm: number;
  /** Of each penalty: its value, strength and ½ included, and the norm of its gradient. */
  readonly penalties: Readonly<Record<string, { value: number; gradientNorm: number }>>;
  /** Null when no projection was asked for. The cosine is NaN when the reference is not finite. */
  readonly projection: { readonly projected: boolean; readonly cosine: number } | null;
  /** False when gradient or reference was not finite: the update was then left out. */
  readonly updated: boolean;
  /** Seconds spent inside the executor's graph runs, of the whole step. */
  readonly graphSeconds: number;
  /** Seconds spent building graphs of shapes that were met first, of the whole step. */
  readonly compileSeconds: number;
}

export interface OptimizerState {
  /** Number of updates done. */
  readonly step: number;
  readonly firstMoment: Weights;
  readonly secondMoment: Weights;
}

/** One model under training or evaluation on one executor. Calls do not overlap. */
export interface Session {
  readonly engine: EngineName;
  /** For people: "ONNX Runtime 1.30.0, CPU, 2 threads". */
  readonly description: string;
  readonly parameters: readonly ParameterSpec[];

  /** One optimizer step: accumulate over every term → project → add penalties → clip → AdamW. */
  step(request: StepRequest): Promise<StepResult>;

  /** The anchor θ* of penalties, drift and distillation; copied. */
  setAnchor(weights: Weights): Promise<void>;

  /**
   * Keeps importances under a name for penalties; copied. 1 stands for 1 at every weight of the
   * parameter; a parameter that is left out is not penalised.
   */
  setImportance(name: string, importance: ReadonlyMap<string, Float32Array | 1>): Promise<void>;

  /** Distance ‖θ − θ*‖ and norm ‖θ*‖ of the parameters at each depth. Needs an anchor. */
  drift(): Promise<readonly { readonly distance: number; readonly anchorNorm: number }[]>;

  /** Zeroed arrays, one for each parameter, for addSquaredGradients. */
  allocateSums(): Weights;

  /** Adds the element-wise square of the total gradient of the terms, dropout off, to `sums`. */
  addSquaredGradients(
    terms: readonly LossTerm[],
    sums: Weights,
  ): Promise<Readonly<Record<string, LossSum>>>;

  /** The total gradient Σ_terms weight × mean loss, without an update (oracle tests, Fisher, GEM). */
  gradients(
    terms: readonly LossTerm[],
    dropout: DropoutPlace,
  ): Promise<{ losses: Readonly<Record<string, LossSum>>; gradients: Weights }>;

  /** Loss at every scored position (scored), nats, dropout off. */
  evaluate(batch: MlmBatch): Promise<Float32Array>;

  /** Logits at every scored position (scored, vocabulary), dropout off. */
  logits(batch: MlmBatch): Promise<Float32Array>;

  /** Applies AdamW to given gradients; used by tests and by callers that form gradients themselves. */
  applyGradients(gradients: Weights, update: AdamWUpdate): Promise<{ gradientNorm: number }>;

  /** Copies. */
  readWeights(): Promise<Weights>;
  writeWeights(weights: Weights): Promise<void>;
  readOptimizer(): Promise<OptimizerState>;
  writeOptimizer(state: OptimizerState): Promise<void>;

  close(): Promise<void>;
}

export interface SessionOptions {
  readonly engine: EngineChoice;
  /** Intra-op threads; default: physical cores. */
  readonly threads?: number;
  /** Bound on the memory of cached graph sessions, bytes. */
  readonly cacheBytes?: number;
}
