/** Where the micro-batches of a loss term come from: the two domains of a project. */
export type StreamKind = 'target' | 'source';

/** weight × mean masked-token loss over one optimizer step's batches of a stream. */
export interface TermPlan {
  readonly stream: StreamKind;
  readonly weight: number;
}

/**
 * A strategy says what one optimizer step minimises; the training loop draws the batches, and the
 * session forms the gradient. Its parts compose: loss terms here, and, in the same way, quadratic
 * penalties and gradient projections, so that a combination of strategies is a list of parts.
 */
export interface Strategy {
  readonly name: string;
  /** Loss terms of optimizer step `step` (0 is the first); none: the strategy does not train. */
  terms(step: number): readonly TermPlan[];
}
