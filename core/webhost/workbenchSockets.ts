/** The WebSockets over which windows speak with the Workbench. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { RawData } from 'ws';
import { CLOSE_CODES, LARGEST_REQUEST_BYTES } from '../workbench/protocol.ts';
import type { MessageToWindow } from '../workbench/protocol.ts';
import type { WindowSession, WindowSessions } from '../workbench/windowSessions.ts';

export interface SocketLimits {
  /** WebSockets at a time. */
  readonly most: number;
  /** Bytes that may wait for a window to read them: what it asked for, and what it is told. */
  readonly waitingAnswers: number;
  readonly waitingEvents: number;
  /** Milliseconds between pings; a window that misses MOST_MISSED of them is gone. */
  readonly ping: number;
}

export const SOCKET_LIMITS: SocketLimits = {
  most: 32,
  waitingAnswers: 64 * 2 ** 20,
  waitingEvents: 8 * 2 ** 20,
  ping: 30_000,
};

const MOST_MISSED = 4;
/** A message in more pieces than this is nobody's window. */
const MOST_FRAGMENTS = 1024;
const CLOSE_MILLISECONDS = 2000;

export class WorkbenchSockets {
  readonly #sessions: WindowSessions;
  readonly #limits: SocketLimits;
  readonly #onFault: (error: unknown) => void;
  readonly #server: WebSocketServer;
  /** Pings that each window has not answered; counted, so that a machine that slept loses nobody. */
  readonly #missed = new Map<WebSocket, number>();
  readonly #beat: NodeJS.Timeout;

  constructor(
    sessions: WindowSessions,
    onFault: (error: unknown) => void,
    limits: SocketLimits = SOCKET_LIMITS,
  ) {
    this.#sessions = sessions;
    this.#onFault = onFault;
    this.#limits = limits;
    const options = {
      noServer: true,
      maxPayload: LARGEST_REQUEST_BYTES,
      maxFragments: MOST_FRAGMENTS,
      perMessageDeflate: false,
      closeTimeout: CLOSE_MILLISECONDS,
    };
    this.#server = new WebSocketServer(options);
    this.#beat = setInterval(() => {
      this.#ping();
    }, limits.ping);
    this.#beat.unref();
  }

  get isFull(): boolean {
    return this.#missed.size >= this.#limits.most;
  }

  /** Takes over a connection whose request was found to be a signed-in window's. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#serve(webSocket);
    });
  }

  /** Says good-bye to every window; resolves when all are gone. */
  async close(): Promise<void> {
    clearInterval(this.#beat);
    const gone = [...this.#missed.keys()].map(
      (socket) => new Promise((resolve) => socket.once('close', resolve)),
    );
    for (const socket of this.#missed.keys()) {
      socket.close(CLOSE_CODES.goingAway, 'Palimpsest was closed');
    }
    await Promise.all(gone);
    this.#server.close();
  }

  #serve(socket: WebSocket): void {
    this.#missed.set(socket, 0);
    const waiting = { answers: 0, events: 0 };
    const mostWaiting = {
      answers: this.#limits.waitingAnswers,
      events: this.#limits.waitingEvents,
    };
    const send = (message: MessageToWindow): void => {
      if (socket.readyState !== WebSocket.OPEN) return;
      const kind = 'reply' in message || 'error' in message ? 'answers' : 'events';
      if (waiting[kind] > mostWaiting[kind]) {
        session.close();
        socket.close(CLOSE_CODES.tooSlow, 'too much is waiting to be read');
        return;
      }
      const text = JSON.stringify(message);
      const bytes = Buffer.byteLength(text);
      waiting[kind] += bytes;
      socket.send(text, () => {
        waiting[kind] -= bytes;
      });
    };
    const session: WindowSession = this.#sessions.open(send);
    socket.on('message', (data, isBinary) => {
      this.#missed.set(socket, 0);
      const refusal = isBinary ? 'notText' : receive(session, data);
      if (refusal !== undefined) socket.close(CLOSE_CODES[refusal]);
    });
    socket.on('pong', () => {
      this.#missed.set(socket, 0);
    });
    socket.on('close', () => {
      this.#missed.delete(socket);
      session.close();
    });
    // Messages that are too large or not of the WebSocket protocol; ws closes with a code of its own.
    socket.on('error', (error) => {
      if (!('code' in error)) this.#onFault(error);
    });
  }

  #ping(): void {
    for (const [socket, missed] of this.#missed) {
      if (missed >= MOST_MISSED) {
        socket.terminate();
      } else {
        this.#missed.set(socket, missed + 1);
        socket.ping();
      }
    }
  }
}

/** Returns why the window cannot go on, if it cannot. */
function receive(session: WindowSession, data: RawData): 'notJson' | 'notMessage' | undefined {
  let message: unknown;
  try {
    message = JSON.parse(textOf(data));
  } catch {
    return 'notJson';
  }
  return session.receive(message) ? undefined : 'notMessage';
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString();
}
