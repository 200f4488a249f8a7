import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Connections } from '../../../core/webhost/connections.ts';

const LIMITS = { total: 10, known: 3, strangers: 4, patience: 5 };

function socket(): Duplex {
  return new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
}

function admitted(connections: Connections, count: number): Duplex[] {
  return Array.from({ length: count }, () => {
    const one = socket();
    connections.admit(one);
    return one;
  });
}

const alive = (sockets: readonly Duplex[]): number =>
  sockets.filter(({ destroyed }) => !destroyed).length;

describe('Connections', () => {
  it('leaves strangers alone for a moment, then closes the oldest of too many', async () => {
    const connections = new Connections(LIMITS);
    const strangers = admitted(connections, 8);
    expect(alive(strangers)).toBe(8);
    await sleep(50);
    expect(strangers.map(({ destroyed }) => destroyed)).toEqual([
      ...Array<boolean>(4).fill(true),
      ...Array<boolean>(4).fill(false),
    ]);
    expect(connections.size).toBe(4);
  });

  it('keeps a window that signs in within the moment, however many come after it', async () => {
    const connections = new Connections(LIMITS);
    const [window] = admitted(connections, 1);
    if (window === undefined) throw new Error('no socket');
    admitted(connections, 5);
    expect(connections.recognise(window)).toBe(true);
    admitted(connections, 1000);
    await sleep(50);
    expect(window.destroyed).toBe(false);
    expect(connections.recognise(window)).toBe(true);
  });

  it('never holds more than the total, and still takes the newest', () => {
    const connections = new Connections(LIMITS);
    const strangers = admitted(connections, 1000);
    expect(connections.size).toBe(LIMITS.total);
    expect(alive(strangers)).toBe(LIMITS.total);
    expect(strangers.at(-1)?.destroyed).toBe(false);
  });

  it('does not take more windows than it may, and takes one again when one has gone', async () => {
    const connections = new Connections(LIMITS);
    const sockets = admitted(connections, 4);
    expect(sockets.map((one) => connections.recognise(one))).toEqual([true, true, true, false]);
    sockets[0]?.destroy();
    await sleep(1);
    const [last] = sockets.slice(-1);
    expect(last !== undefined && connections.recognise(last)).toBe(true);
  });

  it('turns away the newest when all are windows', () => {
    const connections = new Connections({ ...LIMITS, total: 3 });
    const windows = admitted(connections, 3);
    for (const one of windows) connections.recognise(one);
    const [late] = admitted(connections, 1);
    expect(late?.destroyed).toBe(true);
    expect(alive(windows)).toBe(3);
  });

  it('forgets connections that have closed, and closes all at the end', async () => {
    const connections = new Connections(LIMITS);
    const sockets = admitted(connections, 4);
    sockets[1]?.destroy();
    await sleep(1);
    expect(connections.size).toBe(3);
    connections.destroyAll();
    expect(alive(sockets)).toBe(0);
  });
});
