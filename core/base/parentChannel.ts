/**
 * The line from a job process to the process that started it, the same for a child process of Node
 * (IPC channel) and a utility process of Electron (a port that the main process hands over first).
 */
import { parentPort } from './parentPort.ts';
import type { MessagePortEnd, ParentPort } from './parentPort.ts';
import { channelMessageSchema } from './processMessages.ts';

export interface ParentChannel {
  /** Resolves when the message is handed over; a parent that is gone is no error. */
  send(message: object): Promise<void>;
  onMessage(listener: (message: unknown) => void): void;
  /** The parent has gone or has closed the line. */
  onClose(listener: () => void): void;
  /** Lets the process end. */
  close(): void;
}

/** Undefined in a process that was not started as a job. */
export function openParentChannel(): ParentChannel | undefined {
  const port = parentPort();
  if (port !== undefined) return channelThrough(port);
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

/** Messages to the parent wait for the port; those of the parent wait in it. */
function channelThrough(parent: ParentPort): ParentChannel {
  const messageListeners: ((message: unknown) => void)[] = [];
  const closeListeners: (() => void)[] = [];
  const arrived = new Promise<MessagePortEnd>((resolve) => {
    parent.on('message', ({ data, ports: [port] }) => {
      if (port === undefined || !channelMessageSchema.safeParse(data).success) return;
      port.on('message', ({ data: message }) => {
        for (const listener of messageListeners) listener(message);
      });
      port.on('close', () => {
        for (const listener of closeListeners) listener();
      });
      port.start();
      resolve(port);
    });
  });
  return {
    async send(message) {
      (await arrived).postMessage(message);
      // A process that exits in the same turn could take the message with it.
      await new Promise((resolve) => setImmediate(resolve));
    },
    onMessage: (listener) => void messageListeners.push(listener),
    onClose: (listener) => void closeListeners.push(listener),
    close: () => void arrived.then((port) => port.close()),
  };
}

function sendToNodeParent(message: object): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve();
    else process.send?.(message, undefined, undefined, () => resolve());
  });
}
