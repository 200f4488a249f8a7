/** Answers, with the headers that every one of them carries. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UserError, reportError } from '../base/errors.ts';
import { SCREEN_HEADERS } from '../screens/headers.ts';

export { CONTENT_SECURITY_POLICY } from '../screens/headers.ts';

export const NO_STORE = 'no-store';

/** To be called before anything else is said. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(SCREEN_HEADERS)) response.setHeader(name, value);
  response.setHeader('Cache-Control', NO_STORE);
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export function sendText(exchange: Exchange, status: number, text: string): void {
  send(exchange, status, 'text/plain; charset=utf-8', `${text}\n`);
}

export function sendPage(exchange: Exchange, status: number, title: string, body: string): void {
  const page =
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">' +
    `<meta name="viewport" content="width=device-width"><title>${title}</title></head>\n` +
    `<body>${body}</body></html>\n`;
  send(exchange, status, 'text/html; charset=utf-8', page);
}

export function sendJson(exchange: Exchange, status: number, document: unknown): void {
  send(exchange, status, 'application/json; charset=utf-8', JSON.stringify(document));
}

/** Answers with `{error}`; returns whether the error is a bug, to be reported by the caller. */
export function sendError(exchange: Exchange, error: unknown): boolean {
  const report = reportError(error);
  const isBug = report.stack !== undefined;
  sendJson(exchange, isBug ? 500 : statusOf(new UserError(report.code, '', '')), { error: report });
  return isBug;
}

const STATUS: Readonly<Record<string, number>> = {
  'host/signed-out': 401,
  'host/closing': 503,
  'host/busy': 503,
  'files/outside': 403,
  'system/eacces': 403,
  'system/eperm': 403,
  'system/enoent': 404,
  'upload/unknown': 404,
  'upload/in-use': 409,
  'upload/no-space': 507,
  'system/enospc': 507,
  'system/edquot': 507,
};

function statusOf({ code }: UserError): number {
  return STATUS[code] ?? 400;
}

/** How long a sender that was refused may go on sending, so that it reads why, milliseconds. */
const LINGER_MILLISECONDS = 10_000;

function send({ request, response }: Exchange, status: number, type: string, body: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(body);
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', bytes.length);
  if (request.complete || !hasBody(request)) {
    response.end(request.method === 'HEAD' ? undefined : bytes);
    return;
  }
  // To close a connection with unread bytes in it takes the answer from the sender: read on a while.
  response.setHeader('Connection', 'close');
  response.write(bytes);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MILLISECONDS);
  timer.unref();
  request.on('end', end).on('error', end).on('close', end).resume();
}

/** Whether the request announces a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
