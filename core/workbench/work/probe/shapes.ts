/** Which graphs steps need. Pure. */
import type { MlmBatch, StepRequest } from '../../../engine/types.ts';
import type { Objective, StreamKind } from '../../../strategies/types.ts';
import type { BatchPlan } from '../../../text/batchPlan.ts';
import type { StepMeasurement } from '../../probeContract.ts';

/** Most steps whose planned batches are looked at. */
const STEPS_PLANNED = 5000;

/** What decides which graph a batch needs. */
interface Shape {
  readonly rows: number;
  readonly length: number;
  /** Some windows are shorter than `length`. */
  readonly isPadded: boolean;
  /** The base model is asked too. */
  readonly distils: boolean;
}

function shapeKey({ rows, length, isPadded, distils }: Shape): string {
  return `${rows} × ${length} ${isPadded} ${distils}`;
}

/** Those of one step, each once. */
export function shapesOf({ terms, projection }: StepRequest): string[] {
  const all = projection === undefined ? terms : [...terms, projection];
  const keys = all.flatMap(({ batches, distillation }) =>
    batches.map(({ batchSize, sequenceLength, attentionMask }) =>
      shapeKey({
        rows: batchSize,
        length: sequenceLength,
        isPadded: attentionMask.includes(0),
        distils: distillation !== undefined,
      }),
    ),
  );
  return [...new Set(keys)];
}

export function paddedTokens({ terms, projection }: StepRequest): number {
  const all = projection === undefined ? terms : [...terms, projection];
  const batches: readonly MlmBatch[] = all.flatMap((term) => term.batches);
  return batches.reduce(
    (total, { batchSize, sequenceLength }) => total + batchSize * sequenceLength,
    0,
  );
}

/** Tokens with padding of a mean step of an epoch, or of the run when that is shorter, and its shapes. */
export function epochOf(
  streams: Readonly<Partial<Record<StreamKind, { readonly plan: BatchPlan }>>>,
  { distillation }: Pick<Objective, 'distillation'>,
  maxSteps = STEPS_PLANNED,
): StepMeasurement['epoch'] {
  const shapes = new Set<string>();
  let tokens = 0;
  const steps = Math.min(streams.target?.plan.stepsPerEpoch ?? 0, maxSteps, STEPS_PLANNED);
  for (const [stream, { plan }] of Object.entries(streams)) {
    const distils = stream === 'target' && distillation !== null;
    for (let step = 0; step < steps; step++) {
      for (const { windows, padTo, isPadded } of plan.stepAt(step)) {
        shapes.add(shapeKey({ rows: windows.length, length: padTo, isPadded, distils }));
        tokens += windows.length * padTo;
      }
    }
  }
  return { tokens: steps === 0 ? 0 : tokens / steps, shapes: shapes.size };
}
