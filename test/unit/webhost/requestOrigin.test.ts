import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isSameOrigin, parseLoopback, refusalOf } from '../../../core/webhost/requestOrigin.ts';

describe('parseLoopback', () => {
  it.each([
    ['localhost:8617', 'localhost', 8617],
    ['LOCALHOST:1', 'localhost', 1],
    ['127.0.0.1:8617', '127.0.0.1', 8617],
    ['127.1.2.3:65535', '127.1.2.3', 65535],
    ['[::1]:9000', '[::1]', 9000],
    ['127.0.0.1', '127.0.0.1', 80],
  ])('takes %s', (text, hostname, port) => {
    expect(parseLoopback(text)).toEqual({ hostname, port });
  });

  it.each([
    '',
    'example.org',
    'example.org:8617',
    'localhost.example.org',
    'notlocalhost',
    '127.0.0.1.example.org',
    '127.0.0.256',
    '127.1',
    '0.0.0.0:8617',
    '10.0.0.1',
    '2130706433',
    '0x7f000001',
    '[::]',
    '[::ffff:127.0.0.1]',
    '::1',
    'localhost:0',
    'localhost:65536',
    'localhost:',
    'localhost:80:80',
    'localhost@example.org',
    'example.org@localhost',
    'localhost /',
    'localhost.',
  ])('refuses %j', (text) => {
    expect(parseLoopback(text)).toBeUndefined();
  });
});

describe('isSameOrigin', () => {
  const host = { hostname: '127.0.0.1', port: 8617 };

  it('takes the address that Host names, with or without the usual port', () => {
    expect(isSameOrigin('http://127.0.0.1:8617', host)).toBe(true);
    expect(isSameOrigin('http://localhost', { hostname: 'localhost', port: 80 })).toBe(true);
    expect(isSameOrigin('http://localhost:80', { hostname: 'localhost', port: 80 })).toBe(true);
  });

  it.each([
    'null',
    '',
    'http://127.0.0.1',
    'http://127.0.0.1:8618',
    'https://127.0.0.1:8617',
    'http://127.0.0.2:8617',
    'http://localhost:8617',
    'http://example.org:8617',
    'http://127.0.0.1:8617, http://example.org',
    'file://',
    'app://127.0.0.1:8617',
  ])('refuses %j', (origin) => {
    expect(isSameOrigin(origin, host)).toBe(false);
  });
});

describe('refusalOf', () => {
  interface Words {
    readonly method?: string;
    readonly url?: string;
    readonly headers?: Record<string, string>;
  }

  function request({ method = 'GET', url = '/', headers = {} }: Words): IncomingMessage {
    const message = new IncomingMessage(new Socket());
    message.method = method;
    message.url = url;
    message.headers = headers;
    message.rawHeaders = Object.entries(headers).flat();
    return message;
  }

  const host = 'localhost:9000';
  const link = {
    host,
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  };

  it.each<Words>([
    { headers: { host } },
    { headers: { host, origin: 'http://localhost:9000' } },
    { method: 'POST', headers: { host, 'sec-fetch-site': 'same-origin' } },
    { headers: { host, 'sec-fetch-site': 'none' } },
    { headers: link },
  ])('lets pass %j', (words) => {
    expect(refusalOf(request(words))).toBeUndefined();
  });

  it.each<Words>([
    { headers: {} },
    { headers: { host: 'example.org' } },
    { url: 'http://localhost:9000/', headers: { host } },
    { url: '*', headers: { host } },
    { headers: { host, origin: 'http://localhost:9001' } },
    { headers: { host, origin: 'null' } },
    { headers: { ...link, 'sec-fetch-dest': 'iframe' } },
    { headers: { ...link, 'sec-fetch-mode': 'no-cors' } },
    { method: 'POST', headers: link },
    { headers: { host, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' } },
  ])('refuses %j', (words) => {
    expect(refusalOf(request(words))).toMatch(/\.$/);
  });

  it('refuses two Host headers, of which Node shows the first', () => {
    const message = request({ headers: { host } });
    message.rawHeaders = ['Host', host, 'host', 'example.org'];
    expect(refusalOf(message)).toMatch(/Host/);
  });

  it('wants an origin and no link for a WebSocket', () => {
    const upgrade = { upgrade: true };
    expect(refusalOf(request({ headers: { host } }), upgrade)).toBeDefined();
    expect(refusalOf(request({ headers: link }), upgrade)).toBeDefined();
    const own = { host, origin: 'http://localhost:9000' };
    expect(refusalOf(request({ headers: own }), upgrade)).toBeUndefined();
    const crossing = { ...own, 'sec-fetch-site': 'same-site' };
    expect(refusalOf(request({ headers: crossing }), upgrade)).toBeDefined();
  });
});
