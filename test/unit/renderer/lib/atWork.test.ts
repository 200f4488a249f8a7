import { describe, expect, it } from 'vitest';
import { progressWords, workLabel } from '../../../../renderer/lib/atWork.ts';

describe('what is at work, in words', () => {
  it('says how far a run is and how long it takes yet, as far as that is known', () => {
    expect(progressWords('running', undefined, undefined)).toBe('starting');
    expect(progressWords('running', 0.4, undefined)).toBe('40\u202f%');
    expect(progressWords('running', 0.4, 180)).toBe('40\u202f% · 3 min left');
    expect(progressWords('paused', 0.4, 180)).toBe('paused');
  });

  it('names all of it for a button that has no room for it', () => {
    const calls = [
      { stage: 'copying files', done: 5, total: 10 },
      { stage: 'finding duplicates', done: 3, total: null },
    ];
    const run = { title: 'trial, ewc, seed 1', words: '40\u202f%', queued: 2 };
    expect(workLabel(calls, run)).toBe(
      'At work: copying files 50\u202f%; finding duplicates; trial, ewc, seed 1: 40\u202f%; 2 queued',
    );
    expect(workLabel([], { ...run, queued: 0 })).toBe('At work: trial, ewc, seed 1: 40\u202f%');
    expect(workLabel(calls.slice(1), undefined)).toBe('At work: finding duplicates');
  });
});
