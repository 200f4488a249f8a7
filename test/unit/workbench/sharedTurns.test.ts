import { describe, expect, it } from 'vitest';
import type { CallContext } from '../../../core/workbench/calls.ts';
import { SharedTurns } from '../../../core/workbench/services/sharedTurns.ts';

function asker(): { context: CallContext; stop: AbortController; stages: string[] } {
  const stop = new AbortController();
  const stages: string[] = [];
  const report: CallContext['report'] = ({ stage }) => stages.push(stage);
  return { context: { signal: stop.signal, report }, stop, stages };
}

/** Work that lasts until it is told to end, or is stopped. */
function pieces() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work =
    (name: string) =>
    ({ signal, report }: CallContext): Promise<string> => {
      begun.push(name);
      report({ stage: `at ${name}`, done: 0, total: null, unit: '' });
      return new Promise((resolve, reject) => {
        ends.set(name, () => {
          resolve(name);
        });
        signal.addEventListener('abort', () => {
          reject(new Error(`${name} was stopped`));
        });
      });
    };
  return { begun, work, end: (name: string) => ends.get(name)?.() };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('work in turns', () => {
  it('is done one after the other, and says that it waits', async () => {
    const turns = new SharedTurns<string>();
    const { begun, work, end } = pieces();
    const [one, two] = [asker(), asker()];
    const first = turns.ask('a', one.context, work('a'));
    const second = turns.ask('b', two.context, work('b'));
    await turn();
    expect(begun).toEqual(['a']);
    expect(two.stages).toEqual(['waiting for another estimate']);
    end('a');
    expect(await first).toBe('a');
    await turn();
    expect(begun).toEqual(['a', 'b']);
    end('b');
    expect(await second).toBe('b');
    expect(one.stages).toEqual(['at a']);
  });

  it('is shared by those who ask for the same, until the last one leaves', async () => {
    const turns = new SharedTurns<string>();
    const { begun, work } = pieces();
    const [one, two] = [asker(), asker()];
    const first = turns.ask('a', one.context, work('a'));
    const second = turns.ask('a', two.context, work('again'));
    await turn();
    expect(begun).toEqual(['a']);
    one.stop.abort();
    await expect(first).rejects.toMatchObject({ code: 'call/aborted' });
    two.stop.abort();
    // The work's own end, which is waited for.
    await expect(second).rejects.toThrow('a was stopped');
  });

  it('is begun anew after it was stopped, failed or done', async () => {
    const turns = new SharedTurns<string>();
    const { begun, work, end } = pieces();
    const one = asker();
    const stopped = turns.ask('a', one.context, work('a'));
    await turn();
    one.stop.abort();
    const again = turns.ask('a', asker().context, work('a again'));
    await expect(stopped).rejects.toThrow();
    await turn();
    end('a again');
    expect(await again).toBe('a again');
    const failing = turns.ask('a', asker().context, () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    const last = turns.ask('a', asker().context, work('last'));
    await turn();
    end('last');
    expect(await last).toBe('last');
    expect(begun).toEqual(['a', 'a again', 'last']);
  });

  it('is not begun when who waited for it has left, which is told at once', async () => {
    const turns = new SharedTurns<string>();
    const { begun, work, end } = pieces();
    const two = asker();
    const first = turns.ask('a', asker().context, work('a'));
    const second = turns.ask('b', two.context, work('b'));
    await turn();
    two.stop.abort();
    await expect(second).rejects.toMatchObject({ code: 'call/aborted' });
    end('a');
    await first;
    await turn();
    expect(begun).toEqual(['a']);
  });
});
