import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Session } from '../../../core/engine/types.ts';
import { objectiveOf, strategyPartsSchema } from '../../../core/strategies/parts.ts';
import { trainingSettingsSchema } from '../../../core/training/configuration.ts';
import { takeStep } from '../../../core/training/takeStep.ts';
import { UnigramSession } from '../../fixtures/unigramSession.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Its steps take three seconds, of which so many go into building graphs. */
function slowSession(compileSeconds: number): Session {
  const session = new UnigramSession(4);
  const step = session.step.bind(session);
  session.step = async (request) => {
    vi.advanceTimersByTime(3000);
    return { ...(await step(request)), compileSeconds };
  };
  return session;
}

async function secondsOf(session: Session): Promise<number | undefined> {
  const batch = {
    batchSize: 1,
    sequenceLength: 2,
    inputIds: new Int32Array(2),
    attentionMask: Uint8Array.of(1, 1),
    positions: Int32Array.of(1),
    labels: Int32Array.of(3),
  };
  const material = {
    objective: objectiveOf('sdt', strategyPartsSchema.parse({})),
    streams: { target: { stepsPerEpoch: 1, batchesAt: () => [batch] } },
    settings: trainingSettingsSchema.parse({}),
    seed: 1,
    parameters: session.parameters,
  };
  const taken = await takeStep(session, material, { step: 0, totalSteps: 1 }, () => false);
  return taken?.seconds;
}

describe('the time of a step', () => {
  it('leaves out the building of graphs, which the first step of a shape needs alone', async () => {
    expect(await secondsOf(slowSession(2.25))).toBe(0.75);
    expect(await secondsOf(slowSession(0))).toBe(3);
  });
});
