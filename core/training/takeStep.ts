import { StepAbandoned } from '../engine/stepAbandoned.ts';
import type { Session, StepResult } from '../engine/types.ts';
import type { MeasuredStep } from './meter.ts';
import { learningRateAt } from './schedule.ts';
import { stepRequest, tokensOf } from './stepRequest.ts';
import type { StepMaterial } from './stepRequest.ts';

/**
 * Takes optimizer step `step` (0 is the first) and measures it; undefined when it was abandoned and
 * has changed nothing.
 */
export async function takeStep(
  session: Session,
  material: StepMaterial,
  { step, totalSteps }: { readonly step: number; readonly totalSteps: number },
  abandon: () => boolean,
): Promise<MeasuredStep | undefined> {
  const started = performance.now();
  const learningRate = learningRateAt(material.settings, step, totalSteps);
  const request = stepRequest(material, step, learningRate);
  let result: StepResult;
  try {
    result = await session.step({ ...request, abandon });
  } catch (error) {
    if (error instanceof StepAbandoned) return undefined;
    throw error;
  }
  const seconds = Math.max(0, (performance.now() - started) / 1000 - result.compileSeconds);
  return { result, learningRate, tokens: tokensOf(request), seconds };
}
