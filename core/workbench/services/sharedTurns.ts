/**
 * Work of which one piece at a time is done, because it measures the machine. Whoever asks for what is
 * at work or waits already, such as a window that was reloaded, shares it.
 */
import { abortedError, throwIfAborted } from '../calls.ts';
import type { CallContext } from '../calls.ts';

interface Turn<Result> {
  readonly result: Promise<Result>;
  /** Those who want it; when the last one leaves, it is stopped. */
  readonly askers: Set<CallContext>;
  readonly stop: AbortController;
  hasBegun: boolean;
}

export class SharedTurns<Result> {
  readonly #open = new Map<string, Turn<Result>>();
  #last: Promise<unknown> = Promise.resolve();

  /** Equal keys mean the same work. Rejects with `call/aborted` when the asker's signal fires. */
  async ask(
    key: string,
    context: CallContext,
    work: (context: CallContext) => Promise<Result>,
  ): Promise<Result> {
    throwIfAborted(context.signal);
    const known = this.#open.get(key);
    const turn =
      known === undefined || known.stop.signal.aborted ? this.#begin(key, context, work) : known;
    turn.askers.add(context);
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = (): void => {
      turn.askers.delete(context);
      if (turn.askers.size === 0) turn.stop.abort();
      // Work that is stopped is waited for: then it has left nothing.
      if (turn.askers.size > 0 || !turn.hasBegun) reject(abortedError());
    };
    context.signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([turn.result, left]);
    } finally {
      context.signal.removeEventListener('abort', leave);
      turn.askers.delete(context);
    }
  }

  #begin(
    key: string,
    { report }: CallContext,
    work: (context: CallContext) => Promise<Result>,
  ): Turn<Result> {
    const stop = new AbortController();
    const askers = new Set<CallContext>();
    const shared: CallContext = {
      signal: stop.signal,
      report: (progress) => {
        for (const asker of askers) asker.report(progress);
      },
    };
    if (this.#open.size > 0) {
      report({ stage: 'waiting for another estimate', done: 0, total: null, unit: '' });
    }
    const result = this.#last
      .then(() => {
        throwIfAborted(stop.signal);
        turn.hasBegun = true;
        return work(shared);
      })
      .finally(() => {
        if (this.#open.get(key) === turn) this.#open.delete(key);
      });
    const turn: Turn<Result> = { result, askers, stop, hasBegun: false };
    this.#last = result.catch(() => undefined);
    this.#open.set(key, turn);
    return turn;
  }
}
