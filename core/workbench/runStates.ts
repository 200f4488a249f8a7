/** The life of a run: which state may follow which, and by whose action. */
import { UserError } from '../base/errors.ts';
import type { RunState } from './contract.ts';

const NEXT: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ['running', 'paused', 'cancelled'],
  running: ['paused', 'completed', 'interrupted', 'failed', 'cancelled'],
  paused: ['queued', 'cancelled'],
  interrupted: ['queued', 'cancelled'],
  // What failed once may go well after its cause is gone: a full disk, an unplugged one.
  failed: ['queued', 'cancelled'],
  completed: [],
  cancelled: [],
};

export function mayFollow(from: RunState, to: RunState): boolean {
  return NEXT[from].includes(to);
}

/** States in which nothing will happen unless a person acts, or ever again. */
export function isAtRest(state: RunState): boolean {
  return state !== 'queued' && state !== 'running';
}

/** States from which a run may still read its corpora. */
export function mayStillRun(state: RunState): boolean {
  return NEXT[state].length > 0;
}

export type RunCommand = 'pause' | 'resume' | 'cancel';

const RESULT_OF: Readonly<Record<RunCommand, RunState>> = {
  pause: 'paused',
  resume: 'queued',
  cancel: 'cancelled',
};

/** @throws UserError `run/not-possible` when the command makes no sense in this state */
export function requireAllowed(command: RunCommand, run: { id: string; state: RunState }): void {
  if (mayFollow(run.state, RESULT_OF[command])) return;
  const possible = (['pause', 'resume', 'cancel'] as const).filter((other) =>
    mayFollow(run.state, RESULT_OF[other]),
  );
  throw new UserError(
    'run/not-possible',
    `Run ${run.id} is ${run.state}: it cannot be ${PARTICIPLE[command]}.`,
    possible.length === 0
      ? 'Nothing more can be done with it; start a new run.'
      : `What it allows is: ${possible.join(', ')}.`,
  );
}

const PARTICIPLE: Readonly<Record<RunCommand, string>> = {
  pause: 'paused',
  resume: 'resumed',
  cancel: 'cancelled',
};
