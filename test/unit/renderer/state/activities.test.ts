import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Activities } from '../../../../renderer/state/activities.svelte.ts';
import type { Progress } from '../../../../renderer/state/activities.svelte.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function progress(call: string, done: number): Progress {
  return { type: 'progress', call, stage: 'reading files', done, total: 10, unit: 'MB' };
}

describe('calls at work', () => {
  test('an own call that lost its window to a break is shown as one of another window', () => {
    const activities = new Activities();
    const onForeignEnd = vi.fn();
    activities.onForeignEnd = onForeignEnd;
    activities.ofOwn(progress('import', 1));
    // The connection broke: the window has its answer, and the host goes on with the import.
    activities.end('import');
    expect(activities.list).toEqual([]);
    activities.ofForeign(progress('import', 2));
    expect(activities.list).toEqual([
      { call: 'import', progress: progress('import', 2), isForeign: true },
    ]);
    vi.runAllTimers();
    expect(activities.list).toEqual([]);
    expect(onForeignEnd).toHaveBeenCalledOnce();
  });

  test('progress that is heard in both ways is that of an own call', () => {
    const activities = new Activities();
    activities.ofOwn(progress('import', 1));
    activities.ofForeign(progress('import', 1));
    vi.runAllTimers();
    expect(activities.list).toEqual([
      { call: 'import', progress: progress('import', 1), isForeign: false },
    ]);
  });
});
