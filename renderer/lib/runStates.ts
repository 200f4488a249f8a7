/** A run's state is a word with a small shape; colour only repeats it. */
import type { RunState } from '../../core/workbench/contract.ts';

export type Tone = 'neutral' | 'accent' | 'good' | 'warn' | 'bad';

export interface StateLook {
  readonly word: string;
  readonly character: string;
  readonly tone: Tone;
}

const LOOKS: Readonly<Record<RunState, StateLook>> = {
  queued: { word: 'queued', character: '○', tone: 'neutral' },
  running: { word: 'running', character: '◐', tone: 'accent' },
  paused: { word: 'paused', character: '‖', tone: 'warn' },
  completed: { word: 'completed', character: '●', tone: 'good' },
  interrupted: { word: 'interrupted', character: '⚠', tone: 'warn' },
  failed: { word: 'failed', character: '✕', tone: 'bad' },
  cancelled: { word: 'cancelled', character: '⊘', tone: 'neutral' },
};

export const RUN_STATES = Object.keys(LOOKS) as readonly RunState[];

export function stateLook(state: RunState): StateLook {
  return LOOKS[state];
}

/** Queued, running or paused: there is more to come without a new decision. */
export function isOpen(state: RunState): boolean {
  return state === 'queued' || state === 'running' || state === 'paused';
}

export type RunCommand = 'pause' | 'resume' | 'cancel';

/** As core/workbench/runStates.ts allows; the host has the last word. */
const ALLOWED: Readonly<Record<RunCommand, readonly RunState[]>> = {
  pause: ['queued', 'running'],
  resume: ['paused', 'interrupted', 'failed'],
  cancel: ['queued', 'running', 'paused', 'interrupted', 'failed'],
};

export function isAllowed(command: RunCommand, state: RunState): boolean {
  return ALLOWED[command].includes(state);
}

/**
 * Those of the runs that the command is possible for, in the order in which it is to be given. Pause
 * and cancel begin with the queued ones: else the next of them would start when the one at work stops.
 */
export function commandable<Run extends { readonly state: RunState }>(
  command: RunCommand,
  runs: readonly Run[],
): Run[] {
  const possible = runs.filter(({ state }) => isAllowed(command, state));
  if (command === 'resume') return possible;
  return [
    ...possible.filter(({ state }) => state === 'queued'),
    ...possible.filter(({ state }) => state !== 'queued'),
  ];
}
