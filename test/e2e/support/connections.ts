/**
 * Records every connection that a program and its children try to make, with strace: the system call
 * itself is seen, whether or not anything comes of it.
 */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

const CALLS = 'connect,sendto,sendmsg,sendmmsg';

/** Why connections cannot be recorded on this machine; undefined where they can. */
export function recorderProblem(): string | undefined {
  if (process.platform !== 'linux') return 'strace is there on Linux only.';
  const { status, error, stderr } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']);
  if (error !== undefined) return 'strace is missing (Debian: apt-get install strace).';
  return status === 0 ? undefined : `strace cannot work here: ${String(stderr).trim()}`;
}

/**
 * What goes before a program to have its calls written to a file. The tracer is not its parent, so
 * signals reach the program itself. With `refused`, no call is carried out: each fails as on a machine
 * without a network.
 */
export function recorded(path: string, { refused = false } = {}): string[] {
  return [
    ...['strace', '-D', '-f', '--seccomp-bpf', '-s', '0', '-e', 'signal=!chld'],
    ...['-e', `trace=${CALLS}`, '-o', path],
    ...(refused ? ['-e', `inject=${CALLS}:error=ENETUNREACH`] : []),
  ];
}

export interface Attempt {
  readonly address: string;
  readonly port: number;
}

/**
 * The connections of a record that leave the machine, or ask a name server, which may ask others; each
 * once, less those that are `known` to be none.
 */
export function attemptsOutside(record: string, known: readonly Attempt[] = []): Attempt[] {
  const attempts = new Map<string, Attempt>();
  for (const line of record.split('\n')) {
    const port = /sin6?_port=htons\((\d+)\)/.exec(line)?.[1];
    const address = /inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/.exec(line);
    const host = address?.[1] ?? address?.[2];
    if (port === undefined || host === undefined) continue;
    const attempt = { address: host, port: Number(port) };
    if (isLoopback(host) && !NAME_SERVICE_PORTS.has(attempt.port)) continue;
    if (known.some((one) => one.address === host && one.port === attempt.port)) continue;
    attempts.set(`${host} ${port}`, attempt);
  }
  return [...attempts.values()];
}

/** DNS, multicast DNS and DNS over TLS: a resolver on this machine would pass the question on. */
const NAME_SERVICE_PORTS: ReadonlySet<number> = new Set([53, 5353, 853]);

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, '');
  return isIP(plain) === 4 ? plain.startsWith('127.') : plain === '::1';
}

/** Whether a record shows the end of a process; the tracer pads short process ids with spaces. */
export function showsEnd(record: string, pid: number): boolean {
  return new RegExp(`^${pid} +\\+\\+\\+ (exited|killed)`, 'm').test(record);
}

/** Reads a record when the program has ended and the tracer has written its last line. */
export async function finishedRecord(path: string, pid: number): Promise<string> {
  const patience = AbortSignal.timeout(20_000);
  for (;;) {
    const record = await readFile(path, 'utf8').catch(() => '');
    if (showsEnd(record, pid)) return record;
    if (patience.aborted) throw new Error(`The record of process ${pid} has no end.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
