/**
 * The line from a job process to the process that started it, the same for a child process of Node
 * (IPC channel) and a utility process of Electron (parent port).
 */

export interface ParentChannel {
  /** Resolves when the message is handed over; a parent that is gone is no error. */
  send(message: object): Promise<void>;
  onMessage(listener: (message: unknown) => void): void;
  /** The parent has gone or has closed the line. */
  onClose(listener: () => void): void;
  /** Lets the process end. */
  close(): void;
}

/** What Electron adds to `process` in a utility process. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  on(event: 'close', listener: () => void): void;
}

/** Undefined in a process that was not started as a job. */
export function openParentChannel(): ParentChannel | undefined {
  const port = parentPort();
  if (port !== undefined) {
    return {
      send: async (message) => port.postMessage(message),
      onMessage: (listener) => port.on('message', ({ data }) => listener(data)),
      onClose: (listener) => port.on('close', listener),
      close: () => undefined,
    };
  }
  if (process.send === undefined) return undefined;
  return {
    send: sendToNodeParent,
    onMessage: (listener) => void process.on('message', listener),
    onClose: (listener) => void process.on('disconnect', listener),
    close: () => {
      if (process.connected) process.disconnect();
    },
  };
}

function parentPort(): ParentPort | undefined {
  // As an object: Electron's own types, where they are installed, know nothing of `close`.
  const host: object = process;
  return 'parentPort' in host ? (host.parentPort as ParentPort | undefined) : undefined;
}

function sendToNodeParent(message: object): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve();
    else process.send?.(message, undefined, undefined, () => resolve());
  });
}
