/** The Workbench at the other end of a transport that may break and come back. */
import type { MessageToWindow } from '../../core/workbench/protocol.ts';
import type {
  CallName,
  Reply,
  Request,
  WorkbenchClient,
  WorkbenchEvent,
} from '../../core/workbench/contract.ts';
import {
  WorkbenchError,
  abortedError,
  closedError,
  connectionLostError,
  tooLargeError,
} from './errors.ts';
import { LARGEST_REQUEST_BYTES, MOST_CALLS_AT_WORK, afterTimeout } from './limits.ts';
import type { ErrorReport } from './errors.ts';
import type { After } from './limits.ts';
import type { OpenTransport, Transport } from './transport.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: WorkbenchEvent) => void;
}

export type Connection =
  | { readonly state: 'open' | 'closed' }
  /** `reason` is why the last one broke or was refused, where the host said so. */
  | { readonly state: 'connecting'; readonly reason?: ErrorReport }
  /** Tried again after so many milliseconds. */
  | { readonly state: 'waiting'; readonly milliseconds: number; readonly reason?: ErrorReport };

const FIRST_WAIT_MILLISECONDS = 250;
const LONGEST_WAIT_MILLISECONDS = 10_000;

/** Calls that change nothing: after a break they are asked again. */
const READS = new Set([
  'list',
  'removed',
  'show',
  'report',
  'preview',
  'results',
  'changes',
  'diff',
  'metrics',
  'curves',
  'log',
  'storage',
  'connections',
  'fill-mask',
  'diagnostics',
]);

/** They change nothing either, but keep the machine at work, where the host may still be at the first. */
const HEAVY_READS: ReadonlySet<CallName> = new Set(['projects/estimate']);

interface Pending {
  readonly id: number;
  readonly name: CallName;
  readonly text: { readonly id: number; readonly call: CallName; readonly request: unknown };
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: CallOptions['onProgress'];
  sent: boolean;
}

export class RemoteWorkbench implements WorkbenchClient {
  readonly #openTransport: OpenTransport;
  readonly #after: After;
  readonly #random: () => number;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: WorkbenchEvent) => void>();
  readonly #connectionListeners = new Set<(connection: Connection) => void>();
  #connection: Connection = { state: 'connecting' };
  #transport: Transport | undefined;
  #nextId = 0;
  #failures = 0;
  /** Of the last break, until a connection is open again. */
  #reason: { readonly reason?: ErrorReport } = {};
  #stopWaiting: (() => void) | undefined;

  constructor(openTransport: OpenTransport, after: After = afterTimeout, random = Math.random) {
    this.#openTransport = openTransport;
    this.#after = after;
    this.#random = random;
    this.#open();
  }

  get connection(): Connection {
    return this.#connection;
  }

  /**
   * Waits for the connection when there is none. Rejects with a WorkbenchError; when the connection
   * breaks, a call that only reads is repeated and any other one fails with `connection/lost`.
   */
  call<Name extends CallName>(
    name: Name,
    request: Request<Name>,
    { signal, onProgress }: CallOptions = {},
  ): Promise<Reply<Name>> {
    return new Promise<Reply<Name>>((resolve, reject) => {
      if (this.#connection.state === 'closed') throw closedError();
      if (signal?.aborted === true) throw abortedError();
      const id = this.#nextId++;
      const text = { id, call: name, request };
      const bytes = new TextEncoder().encode(JSON.stringify(text)).length;
      if (bytes > LARGEST_REQUEST_BYTES) throw tooLargeError(bytes);
      const stopListening = (): void => signal?.removeEventListener('abort', stop);
      const stop = (): void => {
        this.#cancel(id);
      };
      signal?.addEventListener('abort', stop);
      this.#pending.set(id, {
        id,
        name,
        text,
        resolve: (reply) => {
          stopListening();
          resolve(reply as Reply<Name>);
        },
        reject: (error) => {
          stopListening();
          reject(error);
        },
        onProgress,
        sent: false,
      });
      this.#sendWaiting();
    });
  }

  subscribe(listener: (event: WorkbenchEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Told at once and at every change. Events that fell into a break are lost: read anew. */
  onConnection(listener: (connection: Connection) => void): () => void {
    this.#connectionListeners.add(listener);
    listener(this.#connection);
    return () => {
      this.#connectionListeners.delete(listener);
    };
  }

  /** Stops a call of any window, by the name that its progress events carry. */
  stop(call: string): void {
    if (this.#connection.state === 'open') this.#transport?.send({ cancel: call });
  }

  /** Ends the wait for the next attempt. */
  retry(): void {
    if (this.#connection.state !== 'waiting') return;
    this.#stopWaiting?.();
    this.#open();
  }

  /** Rejects what is at work; the Workbench itself goes on. */
  async close(): Promise<void> {
    if (this.#connection.state === 'closed') return;
    this.#stopWaiting?.();
    this.#setConnection({ state: 'closed' });
    this.#transport?.close();
    this.#transport = undefined;
    for (const { reject } of this.#pending.values()) reject(closedError());
    this.#pending.clear();
  }

  #open(): void {
    this.#setConnection({ state: 'connecting', ...this.#reason });
    // What an earlier transport still says is not listened to.
    let isCurrent = true;
    this.#transport = this.#openTransport({
      onOpen: () => {
        if (!isCurrent || this.#connection.state === 'closed') return;
        this.#failures = 0;
        this.#reason = {};
        this.#setConnection({ state: 'open' });
        this.#sendWaiting();
      },
      onMessage: (message) => {
        if (isCurrent && this.#connection.state === 'open') this.#receive(message);
      },
      onClose: (reason) => {
        if (!isCurrent) return;
        isCurrent = false;
        this.#reason = reason === undefined ? {} : { reason };
        this.#lose();
      },
    });
  }

  #lose(): void {
    if (this.#connection.state === 'closed') return;
    this.#transport = undefined;
    for (const call of [...this.#pending.values()]) {
      if (!call.sent) continue;
      if (isRead(call.name)) call.sent = false;
      else this.#settle(call.id)?.reject(connectionLostError(HEAVY_READS.has(call.name)));
    }
    const doubled = FIRST_WAIT_MILLISECONDS * 2 ** Math.min(this.#failures, 10);
    this.#failures++;
    // A share at random, so that many windows do not come back at one moment.
    const bounded = Math.min(LONGEST_WAIT_MILLISECONDS, doubled);
    const milliseconds = Math.round(bounded * (0.75 + 0.25 * this.#random()));
    this.#stopWaiting = this.#after(milliseconds, () => {
      this.#open();
    });
    this.#setConnection({ state: 'waiting', milliseconds, ...this.#reason });
  }

  /** The host takes a bounded number of calls at a time; the others wait here. */
  #sendWaiting(): void {
    if (this.#connection.state !== 'open' || this.#transport === undefined) return;
    let atWork = 0;
    for (const { sent } of this.#pending.values()) if (sent) atWork++;
    for (const call of this.#pending.values()) {
      if (atWork >= MOST_CALLS_AT_WORK) return;
      if (call.sent) continue;
      call.sent = true;
      atWork++;
      this.#transport.send(call.text);
    }
  }

  /** A call that was sent is over when the host says so: it may have been done just before. */
  #cancel(id: number): void {
    const call = this.#pending.get(id);
    if (call === undefined) return;
    if (call.sent) this.#transport?.send({ cancel: id });
    else this.#settle(id)?.reject(abortedError());
  }

  #receive(message: MessageToWindow): void {
    if ('event' in message) {
      this.#publish(message.event);
    } else if ('events' in message) {
      for (const event of message.events) this.#publish(event);
    } else if ('progress' in message) {
      this.#pending.get(message.id)?.onProgress?.(message.progress);
    } else if ('error' in message) {
      this.#settle(message.id)?.reject(new WorkbenchError(message.error));
      this.#sendWaiting();
    } else {
      this.#settle(message.id)?.resolve(message.reply);
      this.#sendWaiting();
    }
  }

  #publish(event: WorkbenchEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #settle(id: number): Pending | undefined {
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    return call;
  }

  #setConnection(connection: Connection): void {
    this.#connection = connection;
    for (const listener of this.#connectionListeners) listener(connection);
  }
}

function isRead(name: CallName): boolean {
  return READS.has(name.slice(name.indexOf('/') + 1));
}
