/**
 * The windows of one Workbench, on the host's side of the protocol: requests in, replies, progress
 * and events out. What carries the messages is the host's affair. Free of Node.
 */
import { UserError, reportError } from '../base/errors.ts';
import { requireCallName } from './calls.ts';
import { calls } from './contract.ts';
import type { CallName, WorkbenchClient } from './contract.ts';
import {
  EventBatches,
  MOST_CALLS_AT_WORK,
  afterTimeout,
  messageFromWindowSchema,
} from './protocol.ts';
import type { After, MessageToWindow } from './protocol.ts';

/** Takes a message away; must not throw, and may drop it when the window is gone. */
export type SendToWindow = (message: MessageToWindow) => void;

export interface WindowSession {
  /**
   * Takes a parsed message. Returns false for one that is not of the protocol: whoever sent it
   * cannot be answered and should be disconnected.
   */
  receive(message: unknown): boolean;
  /**
   * The window is gone. Its calls go on: reloading a window must not lose an import. Whoever sees
   * their progress can stop them.
   */
  close(): void;
}

export class WindowSessions {
  readonly #workbench: WorkbenchClient;
  readonly #after: After;
  readonly #onFault: (error: unknown) => void;
  /** Calls at work by the name that their progress events carry. */
  readonly #stops = new Map<string, { readonly name: string; readonly stop: AbortController }>();
  readonly #atWork = new Set<Promise<void>>();
  readonly #onCalls: (names: readonly string[]) => void;
  #closing = false;

  /**
   * `onFault` hears of errors that are not of a person's making; `onCalls` of the calls at work that
   * take so long that they tell of their progress, when they change.
   */
  constructor(
    workbench: WorkbenchClient,
    options: {
      readonly after?: After;
      readonly onFault?: (error: unknown) => void;
      readonly onCalls?: (names: readonly string[]) => void;
    } = {},
  ) {
    this.#workbench = workbench;
    this.#after = options.after ?? afterTimeout;
    this.#onFault = options.onFault ?? (() => undefined);
    this.#onCalls = options.onCalls ?? (() => undefined);
  }

  open(send: SendToWindow): WindowSession {
    const own = new Map<number, AbortController>();
    const ownCalls = new Set<string>();
    const batches = new EventBatches(send, this.#after);
    const unsubscribe = this.#workbench.subscribe((event) => {
      // A window hears of its own calls by their ids.
      if (event.type !== 'progress' || !ownCalls.has(event.call)) batches.push(event);
    });
    let open = true;
    const answer: SendToWindow = (message) => {
      if (open) send(message);
    };

    const perform = async (id: number, name: string, request: unknown): Promise<void> => {
      const stop = new AbortController();
      own.set(id, stop);
      let call: string | undefined;
      try {
        const reply = await this.#call(name, request, stop.signal, (event) => {
          if (call === undefined && event.type === 'progress') {
            call = event.call;
            ownCalls.add(call);
            this.#stops.set(call, { name, stop });
            this.#tellCalls();
          }
          answer({ id, progress: event });
        });
        answer({ id, reply });
      } catch (error) {
        answer({ id, error: this.#report(error) });
      } finally {
        own.delete(id);
        if (call !== undefined) {
          ownCalls.delete(call);
          this.#stops.delete(call);
          this.#tellCalls();
        }
      }
    };

    return {
      receive: (message) => {
        const { data } = messageFromWindowSchema.safeParse(message);
        if (data === undefined) return false;
        if ('cancel' in data) {
          const { cancel } = data;
          (typeof cancel === 'string' ? this.#stops.get(cancel)?.stop : own.get(cancel))?.abort();
          return true;
        }
        const { id, call, request } = data;
        if (own.has(id)) return false;
        if (own.size >= MOST_CALLS_AT_WORK) {
          answer({ id, error: tooManyCalls().toJSON() });
          return true;
        }
        const work = perform(id, call, request).finally(() => this.#atWork.delete(work));
        this.#atWork.add(work);
        return true;
      },
      close: () => {
        open = false;
        unsubscribe();
        batches.close();
      },
    };
  }

  /** Refuses further calls. Those at work are stopped by closing the Workbench itself. */
  refuseCalls(): void {
    this.#closing = true;
  }

  /** Resolves when no call is at work and every answer was handed to its window. */
  async settled(): Promise<void> {
    await Promise.all(this.#atWork);
  }

  #tellCalls(): void {
    this.#onCalls([...this.#stops.values()].map(({ name }) => name));
  }

  async #call(
    word: string,
    request: unknown,
    signal: AbortSignal,
    onProgress: NonNullable<Parameters<WorkbenchClient['call']>[2]>['onProgress'],
  ): Promise<unknown> {
    if (this.#closing) throw hostCloses();
    const name: CallName = requireCallName(word);
    // The Workbench checks the request against the contract before it uses it.
    const reply: unknown = await this.#workbench.call(name, request as never, {
      signal,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    const checked = calls[name].reply.safeParse(reply);
    if (!checked.success) {
      throw new Error(`The reply of ${name} breaks the contract: ${checked.error.message}`);
    }
    return checked.data;
  }

  #report(error: unknown): ReturnType<typeof reportError> {
    const report = reportError(error);
    if (report.stack !== undefined) this.#onFault(error);
    return report;
  }
}

function tooManyCalls(): UserError {
  return new UserError(
    'request/too-many',
    `This window has ${MOST_CALLS_AT_WORK} calls at work, which is the most.`,
    'Wait until some are done.',
  );
}

export function hostCloses(): UserError {
  return new UserError(
    'host/closing',
    'Palimpsest is being closed.',
    'Start it again and open the link that it prints.',
  );
}
