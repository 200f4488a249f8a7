/** What a run says of itself in its folder and the database does not repeat. */
import { UserError } from '../base/errors.ts';
import { readEventsOf } from '../training/eventLog.ts';
import { readRunFile } from '../training/runFile.ts';
import type { RunDetail } from './contract.ts';

export type RunReports = Pick<RunDetail, 'conventions' | 'rehearsal' | 'fisher' | 'guard'>;

/** Of the last attempt that says it. What cannot be read is null: a run is shown all the same. */
export function readRunReports(runFolder: string): RunReports {
  const events = unlessUnreadable(() =>
    readEventsOf(runFolder, ['rehearsal', 'fisher', 'guard'] as const),
  );
  const reports: RunReports = {
    conventions: unlessUnreadable(() => readRunFile(runFolder)?.conventions) ?? null,
    rehearsal: null,
    fisher: null,
    guard: null,
  };
  for (const event of events ?? []) {
    switch (event.type) {
      case 'rehearsal':
        reports.rehearsal = event.buffer;
        break;
      case 'fisher':
        reports.fisher = { id: event.id, settings: event.settings, health: event.health };
        break;
      case 'guard': {
        const { step, action, nll, bound, keptStep } = event;
        reports.guard = { step, action, nll, bound, keptStep };
      }
    }
  }
  return reports;
}

function unlessUnreadable<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
