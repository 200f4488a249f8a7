import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ProjectFile } from '../../../../core/workbench/projectFile.ts';
import { ProjectEstimate } from '../../../../renderer/state/projectEstimate.svelte.ts';

const played = vi.hoisted(() => ({ call: vi.fn() }));
vi.mock('../../../../renderer/state/workbench.svelte.ts', () => ({ workbench: played }));

beforeEach(() => {
  vi.useFakeTimers();
  played.call.mockImplementation(() => new Promise(() => undefined));
});
afterEach(() => {
  vi.useRealTimers();
  played.call.mockReset();
});

const PROJECT = { name: 'trial' } as ProjectFile;

/** The signals of the calls that were made. */
function signals(): AbortSignal[] {
  const calls = played.call.mock.calls as [string, unknown, { signal: AbortSignal }][];
  return calls.map(([, , { signal }]) => signal);
}

test('a measurement ends when the project is not whole any more, and begins anew when it is', () => {
  const estimate = new ProjectEstimate();
  estimate.want(PROJECT, 'a');
  vi.runAllTimers();
  expect(signals().map(({ aborted }) => aborted)).toEqual([false]);
  expect(estimate.state.kind).toBe('working');

  estimate.want(undefined, '');
  expect(signals().map(({ aborted }) => aborted)).toEqual([true]);
  expect(estimate.state.kind).toBe('none');

  estimate.want(PROJECT, 'a');
  vi.runAllTimers();
  expect(signals().map(({ aborted }) => aborted)).toEqual([true, false]);
});

test('what a person stopped is not begun again by itself', () => {
  const estimate = new ProjectEstimate();
  estimate.want(PROJECT, 'a');
  vi.runAllTimers();
  estimate.stop();
  estimate.want(undefined, '');
  estimate.want(PROJECT, 'a');
  vi.runAllTimers();
  expect(signals().map(({ aborted }) => aborted)).toEqual([true]);
  expect(estimate.state.kind).toBe('stopped');
});
