/** Messages over the WebSocket of the local web host. */
import type { MessageToWindow } from '../../core/workbench/protocol.ts';
import { WORKBENCH_PATH } from './limits.ts';
import type { OpenTransport } from './transport.ts';

/** A connection that does not open in this time is given up and tried anew. */
const OPENING_MILLISECONDS = 15_000;

/** `origin` is that of the page. */
export function socketTransport(origin: string): OpenTransport {
  const address = new URL(WORKBENCH_PATH, origin.replace(/^http/, 'ws'));
  return ({ onOpen, onMessage, onClose }) => {
    const socket = new WebSocket(address);
    const impatience = setTimeout(() => {
      socket.close();
    }, OPENING_MILLISECONDS);
    socket.addEventListener('open', () => {
      clearTimeout(impatience);
      onOpen();
    });
    socket.addEventListener('message', ({ data }) => {
      const message = parse(data);
      if (message !== undefined) onMessage(message);
    });
    // Follows every error.
    socket.addEventListener('close', () => {
      clearTimeout(impatience);
      onClose();
    });
    return {
      send: (message) => {
        socket.send(JSON.stringify(message));
      },
      close: () => {
        socket.close();
      },
    };
  };
}

/** The host checks what it sends against the contract; here only what is no message is dropped. */
function parse(data: unknown): MessageToWindow | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === 'object' && message !== null
      ? (message as MessageToWindow)
      : undefined;
  } catch {
    return undefined;
  }
}
