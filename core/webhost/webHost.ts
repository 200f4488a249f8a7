/**
 * The local web host: the screens and the Workbench for browsers of this machine, on a loopback
 * address. Everything but signing in needs the cookie; see access.ts and requestOrigin.ts.
 */
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { UserError } from '../base/errors.ts';
import type { WorkbenchClient } from '../workbench/contract.ts';
import { WORKBENCH_PATH } from '../workbench/protocol.ts';
import { WindowSessions } from '../workbench/windowSessions.ts';
import { Access } from './access.ts';
import { listFolder, resolveRoots } from './browse.ts';
import { CONNECTION_LIMITS, Connections } from './connections.ts';
import type { ConnectionLimits } from './connections.ts';
import { refusalOf } from './requestOrigin.ts';
import {
  hasBody,
  sendError,
  sendJson,
  sendPage,
  sendText,
  setSecurityHeaders,
} from './responses.ts';
import type { Exchange } from './responses.ts';
import { openStatic, plainSegments, sendStatic } from './staticFiles.ts';
import { withUploads } from './uploadedImports.ts';
import { Uploads } from './uploads.ts';
import { SOCKET_LIMITS, WorkbenchSockets } from './workbenchSockets.ts';
import type { SocketLimits } from './workbenchSockets.ts';

/** The only address that is listened on. */
const LOOPBACK = '127.0.0.1';
const FILES_PATH = '/files';
const UPLOADS_PATH = '/uploads';

export interface WebHostLimits {
  readonly connections: ConnectionLimits;
  readonly sockets: SocketLimits;
  /** Bytes of a request's headers. */
  readonly headerBytes: number;
  /** Milliseconds until a request's headers must be complete. */
  readonly headers: number;
  /** Milliseconds that a connection may rest within a request or an answer. */
  readonly idle: number;
  /** Milliseconds that a connection may rest between requests. */
  readonly keepAlive: number;
}

export const WEB_HOST_LIMITS: WebHostLimits = {
  connections: CONNECTION_LIMITS,
  sockets: SOCKET_LIMITS,
  headerBytes: 16 * 1024,
  headers: 10_000,
  idle: 60_000,
  keepAlive: 5000,
};

export interface WebHostOptions {
  readonly workbench: WorkbenchClient;
  /** The home folder's real path; this process owns it. */
  readonly homeFolder: string;
  /** The built screens. */
  readonly rendererFolder: string;
  /** Folders whose files may be browsed. */
  readonly allowedRoots: readonly string[];
  /** 0 takes a port that is free. */
  readonly port: number;
  /** Hears of errors that are not of a person's making. */
  readonly onFault?: (error: unknown) => void;
  readonly limits?: Partial<WebHostLimits>;
  /** Free bytes on the disk of a folder; for tests. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

export interface WebHost {
  readonly port: number;
  /** The link that signs a browser in; it works until the host is closed. */
  readonly url: string;
  /** Takes no more connections and calls; windows stay and hear what happens. */
  refuse(): void;
  /** Ends every connection and removes uploaded files. The Workbench is not closed. */
  close(): Promise<void>;
}

/**
 * Starts to listen.
 * @throws UserError `serve/not-built`, `serve/port-in-use`, `serve/port-refused`, and for a root that
 * is not a folder
 */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const rendererFolder = await requireBuilt(options.rendererFolder);
  const roots = await resolveRoots(options.allowedRoots);
  const host = new LocalHost(options, rendererFolder, roots);
  await host.listen(options.port);
  return host;
}

class LocalHost implements WebHost {
  readonly #rendererFolder: string;
  readonly #roots: readonly string[];
  readonly #onFault: (error: unknown) => void;
  readonly #access: Access;
  readonly #connections: Connections;
  readonly #uploads: Uploads;
  readonly #sessions: WindowSessions;
  readonly #sockets: WorkbenchSockets;
  readonly #server: Server;
  #port = 0;

  constructor(options: WebHostOptions, rendererFolder: string, roots: readonly string[]) {
    const { workbench, homeFolder, onFault = () => undefined } = options;
    const limits = { ...WEB_HOST_LIMITS, ...options.limits };
    this.#rendererFolder = rendererFolder;
    this.#roots = roots;
    this.#onFault = onFault;
    this.#access = new Access(`${hostname()}\n${homeFolder}`);
    this.#connections = new Connections(limits.connections);
    this.#uploads = new Uploads(homeFolder, options.freeBytes);
    this.#sessions = new WindowSessions(withUploads(workbench, this.#uploads, onFault), {
      onFault,
    });
    this.#sockets = new WorkbenchSockets(this.#sessions, onFault, limits.sockets);
    this.#server = createServer({
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headers,
      // An upload takes as long as it takes; `idle` ends one that stands still.
      requestTimeout: 0,
      keepAliveTimeout: limits.keepAlive,
      connectionsCheckingInterval: Math.min(1000, limits.headers),
    });
    this.#server.timeout = limits.idle;
    this.#server.on('connection', (socket) => {
      this.#connections.admit(socket);
    });
    this.#server.on('request', (request, response) => {
      void this.#answer({ request, response });
    });
    this.#server.on('upgrade', (request, socket, head) => {
      this.#upgrade(request, socket, head);
    });
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://${LOOPBACK}:${this.port}/?token=${this.#access.token}`;
  }

  async listen(port: number): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen({ host: LOOPBACK, port, exclusive: true }, resolve);
      });
    } catch (error) {
      await this.#sockets.close();
      throw asListenError(error, port);
    }
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  refuse(): void {
    this.#sessions.refuseCalls();
    this.#server.close();
  }

  async close(): Promise<void> {
    this.refuse();
    await this.#sessions.settled();
    await this.#sockets.close();
    this.#connections.destroyAll();
    await this.#uploads.close();
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    try {
      setSecurityHeaders(response);
      const refusal = refusalOf(request);
      if (refusal !== undefined) {
        sendText(exchange, 403, refusal);
        return;
      }
      const { path, query } = splitTarget(request.url);
      if (this.#signIn(exchange, path, query)) return;
      if (!this.#access.isSignedIn(request.headers.cookie)) {
        refuseStranger(exchange, path);
      } else if (!this.#connections.recognise(request.socket)) {
        response.setHeader('Connection', 'close');
        sendText(exchange, 503, 'Too many connections are open.');
      } else {
        await this.#route(exchange, path, query);
      }
    } catch (error) {
      // Whoever left in the middle of an upload or a download does not wait for an answer.
      if (request.socket.destroyed || (request.destroyed && !request.complete)) response.destroy();
      else if (sendError(exchange, error)) this.#onFault(error);
    }
  }

  /** Exchanges the token for the cookie; false when the request brings no right one. */
  #signIn({ request, response }: Exchange, path: string, query: URLSearchParams): boolean {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const token = query.get('token');
    if (token === null || !this.#access.isToken(token)) return false;
    query.delete('token');
    const rest = query.size === 0 ? '' : `?${query}`;
    const place = `/${(plainSegments(path) ?? []).map(encodeURIComponent).join('/')}${rest}`;
    response.setHeader('Set-Cookie', this.#access.setCookie);
    if (request.headers['sec-fetch-site'] === 'cross-site') {
      // A browser that followed a link of another page would not bring the new cookie along on a
      // redirect; on the way from a page of this host it does.
      response.setHeader('Refresh', `0; url=${place}`);
      sendPage({ request, response }, 200, 'Palimpsest', '<p>Opening Palimpsest.</p>');
    } else {
      response.setHeader('Location', place);
      sendText({ request, response }, 303, place);
    }
    return true;
  }

  async #route(exchange: Exchange, path: string, query: URLSearchParams): Promise<void> {
    const { request } = exchange;
    const { method = '' } = request;
    if (path === UPLOADS_PATH && method === 'POST') {
      await this.#receive(exchange, query);
    } else if (path === UPLOADS_PATH && method === 'DELETE') {
      const released = query.get('path');
      if (released === null) await this.#uploads.remove(query.get('upload') ?? '');
      else await this.#uploads.release(released);
      sendJson(exchange, 200, {});
    } else if (method !== 'GET' && method !== 'HEAD') {
      exchange.response.setHeader('Allow', path === UPLOADS_PATH ? 'POST, DELETE' : 'GET, HEAD');
      sendText(exchange, 405, 'This method is not answered here.');
    } else if (hasBody(request)) {
      sendText(exchange, 413, 'No content was expected.');
    } else if (path === FILES_PATH) {
      const hidden = query.get('hidden') === '1';
      const folder = query.get('path') ?? undefined;
      sendJson(exchange, 200, await listFolder(this.#roots, folder, { hidden }));
    } else if (path === WORKBENCH_PATH || path === UPLOADS_PATH) {
      sendText(exchange, 426, 'This is no page.');
    } else {
      await this.#sendFile(exchange, path);
    }
  }

  async #receive(exchange: Exchange, query: URLSearchParams): Promise<void> {
    const { request } = exchange;
    const announced = request.headers['content-length'];
    const uploaded = await this.#uploads.receive(request, {
      name: query.get('name') ?? '',
      upload: query.get('upload') ?? undefined,
      bytes: announced === undefined ? undefined : Number(announced),
    });
    sendJson(exchange, 200, uploaded);
  }

  async #sendFile(exchange: Exchange, path: string): Promise<void> {
    const segments = plainSegments(path);
    if (segments === undefined) {
      sendText(exchange, 400, 'This is not a path.');
      return;
    }
    const file = await openStatic(this.#rendererFolder, segments);
    if (file === undefined) sendText(exchange, 404, 'There is nothing here.');
    else await sendStatic(exchange, file);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {
      socket.destroy();
    });
    const refuse = (status: string): void => {
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
        socket.destroy(),
      );
    };
    if (refusalOf(request, { upgrade: true }) !== undefined) refuse('403 Forbidden');
    else if (!this.#access.isSignedIn(request.headers.cookie)) refuse('401 Unauthorized');
    else if (splitTarget(request.url).path !== WORKBENCH_PATH) refuse('404 Not Found');
    else if (this.#sockets.isFull || !this.#connections.recognise(socket)) {
      refuse('503 Service Unavailable');
    } else this.#sockets.accept(request, socket, head);
  }
}

function splitTarget(target = '/'): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

function refuseStranger(exchange: Exchange, path: string): void {
  if (path === FILES_PATH || path === UPLOADS_PATH) {
    sendError(
      exchange,
      new UserError(
        'host/signed-out',
        'This browser is not signed in to Palimpsest.',
        'Open the link that "palimpsest serve" printed.',
      ),
    );
    return;
  }
  sendPage(
    exchange,
    401,
    'Palimpsest',
    '<h1>Palimpsest</h1><p>This browser is not signed in.</p>' +
      '<p>Open the link that <code>palimpsest serve</code> printed in its terminal when it started. ' +
      'It ends with <code>?token=…</code> and works until the program is ended.</p>',
  );
}

async function requireBuilt(folder: string): Promise<string> {
  if (existsSync(join(folder, 'index.html'))) return realpath(folder);
  throw new UserError(
    'serve/not-built',
    `The screens have not been built: there is no index.html in ${folder}.`,
    'Run "npm run build" in the project folder first.',
  );
}

function asListenError(error: unknown, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new UserError(
      'serve/port-in-use',
      `Port ${port} is used by another program.`,
      'Choose another one with --port, or leave it out to take one that is free.',
    );
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new UserError(
      'serve/port-refused',
      `The system does not let this program listen on port ${port} of ${LOOPBACK}.`,
      'Choose a port from 1024 to 65535 with --port.',
    );
  }
  return error;
}
