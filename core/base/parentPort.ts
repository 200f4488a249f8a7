/** What Electron gives a utility process: a line to the main process, over which ports come. */

/** One end of a message channel (Electron's MessagePortMain). */
export interface MessagePortEnd {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
  /** The other end is gone; every message of it came before. */
  on(event: 'close', listener: () => void): unknown;
  /** Messages wait until this is called. */
  start(): void;
  close(): void;
}

export interface ParentPort {
  postMessage(message: unknown): void;
  on(
    event: 'message',
    listener: (event: {
      readonly data: unknown;
      readonly ports: readonly MessagePortEnd[];
    }) => void,
  ): unknown;
}

/** Undefined everywhere but in the main thread of a utility process. */
export function parentPort(): ParentPort | undefined {
  // As an object: Electron's own types, where they are installed, add it to every process.
  const host: object = process;
  return 'parentPort' in host ? (host.parentPort as ParentPort | undefined) : undefined;
}
