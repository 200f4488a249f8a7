/** That the record of connections sees one, whichever way it is attempted. Nothing leaves the machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  attemptsOutside,
  finishedRecord,
  recorded,
  recorderProblem,
  showsEnd,
} from './support/connections.ts';
import { newFolder, removeHomes } from './support/homes.ts';

/** Addresses that RFC 5737 and RFC 3849 keep for documents: no machine has them. */
const OUTSIDE = '192.0.2.1';
const OUTSIDE_6 = '2001:db8::1';

const PATIENCE = { timeout: 30_000 };

afterEach(removeHomes);

/** Runs a program of one line in a child of a child, as a job of the host is, and returns its record. */
async function recordOf(code: string): Promise<string> {
  const path = join(await newFolder(), 'record.txt');
  const nested = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(code)}])`;
  const all = [...recorded(path, { refused: true }), process.execPath, '-e', nested];
  const [program = '', ...args] = all;
  const child = spawn(program, args, { stdio: 'ignore' });
  await once(child, 'close');
  return finishedRecord(path, child.pid ?? 0);
}

describe('the end of a record', () => {
  it.each(['512   ', '5123  ', '51234 ', '4194303 '])('is seen for the process id “%s”', (pid) => {
    const line = `${pid}+++ exited with 0 +++\n`;
    expect(showsEnd(`77    connect(3, …) = 0\n${line}`, Number(pid))).toBe(true);
    expect(showsEnd(`1${line}`, Number(pid))).toBe(false);
  });
});

describe.skipIf(recorderProblem() !== undefined)('the record of connections', () => {
  it.each([
    ['over TCP', `require('node:net').connect(443, '${OUTSIDE}').on('error', () => {})`, OUTSIDE],
    [
      'over IPv6',
      `require('node:net').connect(443, '${OUTSIDE_6}').on('error', () => {})`,
      OUTSIDE_6,
    ],
    [
      'as a datagram',
      `const s = require('node:dgram').createSocket('udp4'); s.send('x', 443, '${OUTSIDE}', () => s.close())`,
      OUTSIDE,
    ],
    [
      'from a thread',
      `new (require('node:worker_threads').Worker)("require('node:net').connect(443, '${OUTSIDE}').on('error', () => {})", { eval: true })`,
      OUTSIDE,
    ],
  ])('shows an attempt %s', async (_, code, address) => {
    expect(attemptsOutside(await recordOf(code))).toEqual([{ address, port: 443 }]);
  });

  it('shows the end of a program that was killed', async () => {
    const path = join(await newFolder(), 'record.txt');
    const code = `require('node:net').connect(9, '127.0.0.1').on('error', () => {}); setInterval(() => {}, 9e5)`;
    const [program = '', ...args] = [...recorded(path), process.execPath, '-e', code];
    const child = spawn(program, args, { stdio: 'ignore' });
    await expect.poll(() => readFile(path, 'utf8').catch(() => ''), PATIENCE).toContain('connect(');
    child.kill('SIGKILL');
    expect(await finishedRecord(path, child.pid ?? 0)).toContain('killed by SIGKILL');
  });

  it('shows a question to a name server', async () => {
    const record = await recordOf(`require('node:dns').lookup('palimpsest.invalid', () => {})`);
    expect(attemptsOutside(record).map(({ port }) => port)).toContain(53);
  });

  it('shows nothing of what stays on the machine', async () => {
    const code = `require('node:net').connect(9, '127.0.0.1').on('error', () => {})`;
    const record = await recordOf(code);
    expect(record).toContain('inet_addr("127.0.0.1")');
    expect(attemptsOutside(record)).toEqual([]);
  });
});
