/**
 * Who may speak to the host, as far as a request's headers tell. The listener is on the loopback
 * address alone, but a browser on the same machine carries requests of any page: a name that was
 * rebound to 127.0.0.1 shows in Host, another page in Origin and in the Sec-Fetch headers.
 */
import type { IncomingMessage } from 'node:http';

interface Authority {
  readonly hostname: string;
  readonly port: number;
}

const AUTHORITY = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::(\d{1,5}))?$/i;
const HTTP_PORT = 80;

/**
 * A loopback name or address with its port, as Host and Origin name it; any port, because of
 * tunnels. Undefined for everything else.
 */
export function parseLoopback(text: string): Authority | undefined {
  const [, hostname, digits] = AUTHORITY.exec(text) ?? [];
  if (hostname === undefined) return undefined;
  if (hostname.startsWith('127') && hostname.split('.').some((part) => Number(part) > 255)) {
    return undefined;
  }
  const port = digits === undefined ? HTTP_PORT : Number(digits);
  return port > 0 && port < 65536 ? { hostname: hostname.toLowerCase(), port } : undefined;
}

/** Whether an Origin header is the very address that the Host header names. */
export function isSameOrigin(origin: string, host: Authority): boolean {
  const authority = /^http:\/\/(.*)$/i.exec(origin)?.[1];
  const named = authority === undefined ? undefined : parseLoopback(authority);
  return named?.hostname === host.hostname && named.port === host.port;
}

/** Why a request is refused, one sentence; undefined when nothing speaks against it. */
export function refusalOf(
  { method, url, headers, rawHeaders }: IncomingMessage,
  { upgrade = false } = {},
): string | undefined {
  if (url?.startsWith('/') !== true) return 'The request does not name a path.';
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host');
  const host = headers.host === undefined ? undefined : parseLoopback(headers.host);
  if (hosts.length !== 1 || host === undefined) {
    return 'The Host header does not name this machine; use localhost or 127.0.0.1.';
  }
  const { origin } = headers;
  if (origin === undefined ? upgrade : !isSameOrigin(origin, host)) {
    return 'The request comes from another page.';
  }
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return undefined;
  // A link on another page may lead here; its images, frames, scripts and forms may not.
  const isLink =
    method === 'GET' &&
    !upgrade &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document';
  return isLink ? undefined : 'The request comes from another page.';
}
