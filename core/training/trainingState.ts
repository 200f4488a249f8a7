/** Saving and restoring a run at one step: weights, optimizer moments and counters, bit for bit. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { hashBytes, writeFileAtomically } from '../base/files.ts';
import type { ParameterSpec, Session, Weights } from '../engine/types.ts';
import { readWeightsFile, writeWeightsFile } from '../model/checkpointFiles.ts';
import { replaceCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { Checkpoint, CheckpointFiles } from './checkpoint.ts';

export const WEIGHTS_FILE = 'model.safetensors';
const FIRST_MOMENT_FILE = 'optimizer-first-moment.safetensors';
const SECOND_MOMENT_FILE = 'optimizer-second-moment.safetensors';
/** Not needed any more once a run is complete. */
export const OPTIMIZER_FILES: readonly string[] = [FIRST_MOMENT_FILE, SECOND_MOMENT_FILE];
const COUNTERS_FILE = 'state.json';

/** Sums since the last metrics event, by series; null stands for one that is not finite. */
const sumsSchema = z.strictObject({
  steps: z.int().nonnegative(),
  sums: z.record(z.string(), z.number().nullable()),
});

/** As checkpoints were before there were other signals: losses by the name of their term. */
const lossesSchema = z
  .strictObject({ steps: z.int().nonnegative(), losses: z.record(z.string(), z.number()) })
  .transform(({ steps, losses }): z.infer<typeof sumsSchema> => {
    const named = ([name, sum]: [string, number]): [string, number] => [`${name}_loss`, sum];
    return { steps, sums: Object.fromEntries(Object.entries(losses).map(named)) };
  });

const countersSchema = z.strictObject({
  formatVersion: z.literal(1),
  /**
   * Optimizer steps done. Data order, masks and dropout are functions of (seed, step), so this is
   * also the cursor into the data and the state of the random numbers.
   */
  step: z.int().nonnegative(),
  /** Updates the optimizer has made: fewer than steps when a gradient was not finite. */
  updates: z.int().nonnegative(),
  attempt: z.int().positive(),
  /** Epochs done, with fraction. */
  epoch: z.number().nonnegative(),
  /** Time spent in steps in all attempts, seconds; without building graphs where that is told apart. */
  seconds: z.number().nonnegative(),
  /** Time spent building graphs in all attempts, seconds; part of `seconds` in checkpoints without it. */
  compileSeconds: z.number().nonnegative().default(0),
  /** Steps in a row whose gradient was not finite. */
  skippedInARow: z.int().nonnegative(),
  unlogged: z.union([sumsSchema, lossesSchema]),
  /** There for the end of a run that was rolled back: the step that its weights are of. */
  keptStep: z.int().nonnegative().optional(),
});
export type Counters = Omit<z.infer<typeof countersSchema>, 'formatVersion' | 'updates'>;

/** `checkpoints/step-N` from the session's present state. */
export async function saveState(
  runFolder: string,
  session: Session,
  counters: Counters,
): Promise<Checkpoint> {
  const optimizer = await session.readOptimizer();
  return writeCheckpoint(runFolder, 'checkpoints', counters.step, {
    ...(await weightsOf(session)),
    [FIRST_MOMENT_FILE]: (path) =>
      writeWeightsFile(path, session.parameters, optimizer.firstMoment),
    [SECOND_MOMENT_FILE]: (path) =>
      writeWeightsFile(path, session.parameters, optimizer.secondMoment),
    ...countersFile(counters, optimizer.step),
  });
}

/**
 * `checkpoints/step-N` with the weights that a run ends with, in place of a state of that step which
 * may be there. No step follows, so it holds no optimizer.
 */
export async function saveEnd(
  runFolder: string,
  session: Session,
  counters: Counters,
): Promise<Checkpoint> {
  const { step: updates } = await session.readOptimizer();
  return replaceCheckpoint(runFolder, 'checkpoints', counters.step, {
    ...(await weightsOf(session)),
    ...countersFile(counters, updates),
  });
}

function countersFile(counters: Counters, updates: number): CheckpointFiles {
  const text = `${JSON.stringify({ formatVersion: 1, updates, ...counters }, null, 2)}\n`;
  return {
    [COUNTERS_FILE]: async (path) => {
      await writeFileAtomically(path, text);
      return { bytes: Buffer.byteLength(text), sha256: hashBytes(text) };
    },
  };
}

/** `best/step-N`: weights alone. */
export async function saveBest(runFolder: string, session: Session, step: number): Promise<void> {
  await writeCheckpoint(runFolder, 'best', step, await weightsOf(session));
}

async function weightsOf(session: Session): Promise<CheckpointFiles> {
  const weights = await session.readWeights();
  return { [WEIGHTS_FILE]: (path) => writeWeightsFile(path, session.parameters, weights) };
}

export async function readCounters({
  folder,
}: Pick<Checkpoint, 'folder'>): Promise<z.infer<typeof countersSchema>> {
  const content: unknown = JSON.parse(await readFile(join(folder, COUNTERS_FILE), 'utf8'));
  return countersSchema.parse(content);
}

/** Puts a session into the state of a checkpoint; without optimizer files only its weights. */
export async function restoreState(session: Session, checkpoint: Checkpoint): Promise<Counters> {
  const { folder } = checkpoint;
  const counters = await readCounters(checkpoint);
  await session.writeWeights(await readCheckpointWeights(checkpoint, session.parameters));
  if (OPTIMIZER_FILES.every((name) => checkpoint.files.has(name))) {
    await session.writeOptimizer({
      step: counters.updates,
      firstMoment: await readWeightsFile(join(folder, FIRST_MOMENT_FILE), session.parameters),
      secondMoment: await readWeightsFile(join(folder, SECOND_MOMENT_FILE), session.parameters),
    });
  }
  return counters;
}

/** Weights of a checkpoint of either kind, by canonical parameter name. */
export async function readCheckpointWeights(
  checkpoint: Pick<Checkpoint, 'folder'>,
  parameters: readonly ParameterSpec[],
): Promise<Weights> {
  return readWeightsFile(join(checkpoint.folder, WEIGHTS_FILE), parameters);
}
