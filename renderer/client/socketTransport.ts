/** Messages over the WebSocket of the local web host. */
import { WORKBENCH_PATH } from './limits.ts';
import { parseMessage } from './parseMessage.ts';
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
      const message = parseMessage(data);
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
