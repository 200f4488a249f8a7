/** The entry of training: runs or continues one run, and turns whatever happens into a result. */
import { mkdir } from 'node:fs/promises';
import { reportError } from '../base/errors.ts';
import type { ErrorReport } from '../base/errors.ts';
import { NDT } from '../strategies/ndt.ts';
import type { OwnerLock } from '../store/ownerLock.ts';
import { OUTCOMES } from './attempt.ts';
import type { TrainingControl } from './attempt.ts';
import type { RunSpecification } from './configuration.ts';
import type { RunOutcome } from './jobProtocol.ts';
import { InterpolationRun } from './interpolationRun.ts';
import { objectiveFor } from './objective.ts';
import type { OpenResources } from './resources.ts';
import { checkRunFile } from './runFile.ts';
import { RunHistory } from './runHistory.ts';
import { lockRun } from './runLock.ts';
import { TrainingRun } from './trainingRun.ts';

export type { Interruption, TrainingControl } from './attempt.ts';

export interface RunEnd {
  readonly outcome: RunOutcome;
  readonly error?: ErrorReport;
}

/** Runs or continues the run in `specification.runFolder`; whatever happens is told by the result. */
export async function train(
  specification: RunSpecification,
  open: OpenResources,
  control: TrainingControl,
): Promise<RunEnd> {
  const { runFolder } = specification;
  let lock: OwnerLock | undefined;
  try {
    await mkdir(runFolder, { recursive: true, mode: 0o700 });
    lock = await lockRun(runFolder, () => control.interruption() !== undefined);
  } catch (error) {
    return { outcome: 'failed', error: reportError(error) };
  }
  if (lock === undefined) return { outcome: OUTCOMES[control.interruption() ?? 'interrupt'] };
  try {
    return await trainLocked(specification, open, control);
  } finally {
    lock.release();
  }
}

async function trainLocked(
  specification: RunSpecification,
  open: OpenResources,
  control: TrainingControl,
): Promise<RunEnd> {
  let run: TrainingRun | InterpolationRun | undefined;
  let history: RunHistory | undefined;
  let end: RunEnd;
  try {
    checkRunFile(specification);
    history = new RunHistory(specification, (event) => control.publish(event));
    if (history.completed) {
      history.close();
      return { outcome: 'completed' };
    }
    run = await openRun(specification, open, history, control);
    end = { outcome: await run.work() };
  } catch (error) {
    end = { outcome: 'failed', error: reportError(error) };
  }
  try {
    history?.add({ type: 'ended', step: run?.step ?? 0, ...end });
  } catch (error) {
    end = { outcome: 'failed', error: end.error ?? reportError(error) };
  } finally {
    history?.close();
    await run?.close();
  }
  return end;
}

async function openRun(
  specification: RunSpecification,
  open: OpenResources,
  history: RunHistory,
  control: TrainingControl,
): Promise<TrainingRun | InterpolationRun> {
  const { interpolation } = specification;
  // What the finished run was trained on is not needed to score its weights.
  const objective = interpolation === undefined ? objectiveFor(specification) : NDT;
  const resources = await open(specification, objective);
  return interpolation === undefined
    ? new TrainingRun(specification, objective, resources, history, control)
    : new InterpolationRun(specification, interpolation, resources, history, control);
}
