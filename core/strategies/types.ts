/** Where the micro-batches of a loss term come from: the two domains of a project. */
export type StreamKind = 'target' | 'source';

/** weight × mean masked-token loss over one optimizer step's batches of a stream. */
export interface TermPlan {
  readonly stream: StreamKind;
  readonly weight: number;
}

/** (strength / 2) Σ importance (θ − θ*)² over the weights, θ* being the base model's. */
export interface PenaltyPlan {
  readonly name: 'l2' | 'ewc';
  readonly strength: number;
  /** 1 everywhere, or the diagonal of the Fisher information. */
  readonly importance: 'unit' | 'fisher';
  /** Whether LayerNorm weights and biases are penalised too. */
  readonly layerNorm: boolean;
}

/** λ × temperature² × KL(base ‖ θ) at the masked positions of the target batches. */
export interface DistillationPlan {
  readonly weight: number;
  readonly temperature: number;
}

/**
 * What the optimizer steps of a run minimise. A strategy is a list of parts, each of which adds to
 * one of these lists; the training loop draws the batches and the session forms the gradient.
 */
export interface Objective {
  /** None: the strategy does not train. */
  readonly terms: readonly TermPlan[];
  /** Stream whose gradient the update may not oppose. */
  readonly projection: StreamKind | null;
  readonly penalties: readonly PenaltyPlan[];
  readonly distillation: DistillationPlan | null;
  /** Source sequences for each target sequence of a step; null when none are drawn. */
  readonly sourceRatio: number | null;
  /** Factor of the learning rate from one layer to the one below it; 1: all alike. */
  readonly layerDecay: number;
}

/** What a strategy cannot do without. */
export type Need = 'rehearsal corpus' | 'Fisher diagonal';
