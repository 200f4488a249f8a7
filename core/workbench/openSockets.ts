/**
 * The network sockets that processes hold, as Linux shows them in /proc. Nothing is sent: it is what a
 * person would see with `ss`.
 */
import { readFile, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface OpenSocket {
  readonly protocol: 'tcp' | 'tcp6' | 'udp' | 'udp6';
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly inode: string;
}

const PROTOCOLS = ['tcp', 'tcp6', 'udp', 'udp6'] as const;
const PROC = '/proc';

/** The lines of a file such as /proc/net/tcp6. */
export function parseSockets(text: string, protocol: OpenSocket['protocol']): OpenSocket[] {
  return text.split('\n').flatMap((line) => {
    const [index, local, remote, , , , , , , inode] = line.trim().split(/\s+/);
    if (index === undefined || !/^\d+:$/.test(index)) return [];
    if (local === undefined || remote === undefined || inode === undefined) return [];
    return [{ protocol, local: parseEndpoint(local), remote: parseEndpoint(remote), inode }];
  });
}

/** "0100007F:1F90" is 127.0.0.1, port 8080: 32-bit words of the address in the machine's byte order. */
function parseEndpoint(text: string): Endpoint {
  const [hex = '', port = ''] = text.split(':');
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  return { address: addressOf(bytes), port: Number.parseInt(port, 16) };
}

function addressOf(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255;
  if (isMapped && bytes[11] === 255) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, group) => {
    const [high = 0, low = 0] = bytes.slice(2 * group);
    return (256 * high + low).toString(16);
  });
  return groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::');
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^127(\.\d+){3}$/.test(address);
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/**
 * What another machine can have to do with: a connection to it, or a port that it could reach. A
 * socket that has no peer and no port yet is neither.
 */
export function isForeign({ local, remote }: OpenSocket): boolean {
  if (remote.port !== 0) return !isLoopback(remote.address);
  return local.port !== 0 && !isLoopback(local.address);
}

/** For people: the end that makes it foreign. */
export function foreignAddress({ local, remote }: OpenSocket): string {
  const { address, port } = remote.port === 0 ? local : remote;
  const place = address.includes(':') ? `[${address}]` : address;
  const shown = `${isUnspecified(address) ? 'any address' : place}, port ${port}`;
  return remote.port === 0 ? `open at ${shown}` : shown;
}

/** A process and all that it has started, directly or not. */
export async function processTree(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir(PROC)) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(join(PROC, entry, 'stat'), 'utf8').catch(() => '');
    // The name of a program may itself hold spaces and brackets.
    const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
    if (parent !== undefined) parents.set(Number(entry), Number(parent));
  }
  const tree = [root];
  for (const member of tree) {
    for (const [child, parent] of parents) if (parent === member) tree.push(child);
  }
  return tree;
}

/** The network sockets of one process; none when it has ended meanwhile. */
export async function socketsOf(pid: number): Promise<OpenSocket[]> {
  const inodes = new Set<string>();
  const folder = join(PROC, String(pid), 'fd');
  for (const descriptor of await readdir(folder).catch(() => [])) {
    const target = await readlink(join(folder, descriptor)).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  if (inodes.size === 0) return [];
  const sockets: OpenSocket[] = [];
  for (const protocol of PROTOCOLS) {
    const path = join(PROC, String(pid), 'net', protocol);
    const table = await readFile(path, 'utf8').catch(() => '');
    sockets.push(...parseSockets(table, protocol).filter(({ inode }) => inodes.has(inode)));
  }
  return sockets;
}
