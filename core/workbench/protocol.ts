/**
 * What passes between a window and the host of its Workbench, whatever carries it: a WebSocket or a
 * message port. Derived from the contract; free of Node and of the browser, so that both ends and
 * Electron's preload share it.
 *
 *   window → host   {id, call, request}   answered by one {id, reply} or {id, error}
 *                   {cancel}              a message's id, or the `call` of a progress event
 *   host → window   {id, progress}        any number of times before the answer
 *                   {event}, {events}     of all runs and calls; several metrics travel together
 */
import { z } from 'zod';
import { errorReportSchema, workbenchEventSchema } from './contract.ts';
import type { WorkbenchEvent } from './contract.ts';

/** Path of the WebSocket of the local web host. */
export const WORKBENCH_PATH = '/workbench';

/** The largest message that a host takes from a window, bytes of UTF-8. */
export const LARGEST_REQUEST_BYTES = 1 << 20;

/** Calls that one window may have at work at a time. */
export const MOST_CALLS_AT_WORK = 64;

/** Why a host closed a WebSocket, beside the codes of RFC 6455 for what is not a message. */
export const CLOSE_CODES = {
  /** The host ends; the runs at work are saved. */
  goingAway: 1001,
  /** A binary message. */
  notText: 1003,
  /** Text that is not JSON. */
  notJson: 1007,
  /** JSON that is no message of this protocol, or an id that is at work. */
  notMessage: 1008,
  /** A message above LARGEST_REQUEST_BYTES. */
  tooLarge: 1009,
  /** The window reads too slowly: it has to connect again and ask for what it missed. */
  tooSlow: 4008,
} as const;

const messageId = z.int().nonnegative();

export const callMessageSchema = z.strictObject({
  /** Chosen by the window; not that of a call that is at work. */
  id: messageId,
  /** A name of the contract; a name that is not is answered with an error. */
  call: z.string().max(100),
  request: z.unknown(),
});

export const cancelMessageSchema = z.strictObject({
  /** A string stops the call of any window, so that a window that was reloaded can stop its work. */
  cancel: z.union([messageId, z.string().max(100)]),
});

export const messageFromWindowSchema = z.union([callMessageSchema, cancelMessageSchema]);
export type MessageFromWindow = z.infer<typeof messageFromWindowSchema>;

export const messageToWindowSchema = z.union([
  z.strictObject({ id: messageId, reply: z.unknown() }),
  z.strictObject({ id: messageId, error: errorReportSchema }),
  z.strictObject({ id: messageId, progress: workbenchEventSchema }),
  z.strictObject({ event: workbenchEventSchema }),
  z.strictObject({ events: z.array(workbenchEventSchema).min(1) }),
]);
export type MessageToWindow = z.infer<typeof messageToWindowSchema>;
export type EventMessage = Extract<MessageToWindow, { event: unknown } | { events: unknown }>;

/** Metrics wait for so long for others to travel with: at most ten messages a second. */
export const BATCH_MILLISECONDS = 100;

/** A run that is taken in again tells its whole history at once; it is told in parts of this length. */
export const LARGEST_BATCH = 500;

/** Calls back once after so many milliseconds, unless the returned function is called before. */
export type After = (milliseconds: number, callback: () => void) => () => void;

export const afterTimeout: After = (milliseconds, callback) => {
  const timer = setTimeout(callback, milliseconds);
  return () => {
    clearTimeout(timer);
  };
};

/**
 * Sends events on in their order: metrics about ten times a second, everything else at once,
 * together with the metrics that wait.
 */
export class EventBatches {
  readonly #send: (message: EventMessage) => void;
  readonly #after: After;
  #waiting: WorkbenchEvent[] = [];
  #stopTimer: (() => void) | undefined;

  constructor(send: (message: EventMessage) => void, after: After = afterTimeout) {
    this.#send = send;
    this.#after = after;
  }

  push(event: WorkbenchEvent): void {
    this.#waiting.push(event);
    if (!isMetrics(event) || this.#waiting.length >= LARGEST_BATCH) {
      this.flush();
      return;
    }
    this.#stopTimer ??= this.#after(BATCH_MILLISECONDS, () => {
      this.flush();
    });
  }

  /** Sends what waits, now. */
  flush(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const events = this.#waiting;
    this.#waiting = [];
    const [first] = events;
    if (first === undefined) return;
    this.#send(events.length === 1 ? { event: first } : { events });
  }

  /** Drops what waits. */
  close(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#waiting = [];
  }
}

function isMetrics(event: WorkbenchEvent): boolean {
  return event.type === 'run/event' && event.event.type === 'metrics';
}
