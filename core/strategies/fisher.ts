import { setImmediate } from 'node:timers/promises';
import { UserError } from '../base/errors.ts';
import type { MlmBatch, Session, Weights } from '../engine/types.ts';
import { compareHalves, describeDiagonal } from './fisherHealth.ts';
import type { FisherHealth } from './fisherSettings.ts';

export interface FisherEstimate {
  /** By canonical name; each element is finite and not negative. The session's memory: read it before the session closes. */
  readonly diagonal: Weights;
  readonly health: FisherHealth;
}

export interface FisherOptions {
  /** Told after each element how many sequences were worked through. */
  readonly onSequences?: (done: number) => void;
  /** Asked between elements; nothing is left to be undone. */
  readonly signal?: AbortSignal;
}

/**
 * The empirical Fisher information of the session's weights, its diagonal: the mean over the elements
 * of the squared gradient of each element's mean masked-token loss, F_i = (1/N) Σ_n (∂ℓ_n/∂θ_i)²,
 * dropout off, labels the true tokens (Kirkpatrick et al. 2017; science.md). An element is a sequence
 * (`per_sequence`), or the micro-batches of a batch (`batch`). Elements without a scored position are
 * passed over. The two halves that `health` compares are the elements at even and at odd places.
 *
 * @throws UserError `fisher/no-text` when nothing is scored, `fisher/not-finite` when a loss or a
 *   square is not finite; the signal's reason when it fires
 */
export async function estimateFisher(
  session: Session,
  elements: Iterable<MlmBatch | readonly MlmBatch[]>,
  { onSequences, signal }: FisherOptions = {},
): Promise<FisherEstimate> {
  const halves = [session.allocateSums(), session.allocateSums()] as const;
  let counted = 0;
  let sequences = 0;
  let done = 0;
  for (const element of elements) {
    signal?.throwIfAborted();
    const batches = 'batchSize' in element ? [element] : element;
    const rows = batches.reduce((sum, { batchSize }) => sum + batchSize, 0);
    if (batches.some(({ positions }) => positions.length > 0)) {
      const term = { name: 'source', weight: 1, batches };
      const half = halves[counted % 2 === 0 ? 0 : 1];
      const { source } = await session.addSquaredGradients([term], half);
      if (!Number.isFinite(source.sum)) throw notFinite();
      counted++;
      sequences += rows;
    }
    done += rows;
    onSequences?.(done);
    // The engine computes on this thread; a request to stop is heard between two elements.
    await setImmediate();
  }
  signal?.throwIfAborted();
  if (counted === 0) throw noText();

  const agreement = compareHalves(session.parameters, ...halves);
  const diagonal = meanOf(halves, counted);
  const description = describeDiagonal(session.parameters, diagonal);
  if (!Number.isFinite(description.mean)) throw notFinite();
  return { diagonal, health: { sequences, ...description, ...agreement } };
}

/** (even + odd) / count, in the place of the even sums: at hundreds of megabytes a copy is too much. */
function meanOf([even, odd]: readonly [Weights, Weights], count: number): Weights {
  for (const [name, sums] of even) {
    const others = odd.get(name);
    if (others?.length !== sums.length) throw new RangeError(`There are no sums for ${name}.`);
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] + others[i]) / count;
  }
  return even;
}

function noText(): UserError {
  return new UserError(
    'fisher/no-text',
    'The source text for the Fisher diagonal has no token that can be masked.',
    'Name another corpus for the use "fisher" in the project file.',
  );
}

function notFinite(): UserError {
  return new UserError(
    'fisher/not-finite',
    'The base model has losses or gradients on the source text that are not finite, so it has no Fisher diagonal.',
    'Check the model with `palimpsest score`; it may be damaged or belong to another tokenizer.',
  );
}
