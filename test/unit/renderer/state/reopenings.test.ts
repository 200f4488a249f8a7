import { expect, test, vi } from 'vitest';
import { Reopenings } from '../../../../renderer/state/reopenings.ts';

test('only an opening after a break is told, and only to those who listen since before the break', () => {
  const reopenings = new Reopenings();
  const early = vi.fn();
  reopenings.listen(early);
  reopenings.hear(false);
  // What was asked for before the first opening waits for it: nothing was missed.
  reopenings.hear(true);
  expect(early).not.toHaveBeenCalled();

  const stopped = vi.fn();
  reopenings.listen(stopped)();
  reopenings.hear(false);
  const during = vi.fn();
  reopenings.listen(during);
  reopenings.hear(false);
  reopenings.hear(true);
  expect([early, stopped, during].map(({ mock }) => mock.calls.length)).toEqual([1, 0, 0]);

  reopenings.hear(false);
  reopenings.hear(true);
  expect([early, stopped, during].map(({ mock }) => mock.calls.length)).toEqual([2, 0, 1]);
});
