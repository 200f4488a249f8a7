import { describe, expect, it } from 'vitest';
import {
  foreignAddress,
  isForeign,
  isLoopback,
  parseSockets,
} from '../../../core/workbench/openSockets.ts';

const HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const line = (local: string, remote: string, inode: number): string =>
  `   0: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 20 4 30 10 -1`;

// As Linux writes them on a little-endian machine.
const TCP = [
  HEADER,
  line('0100007F:1F90', '00000000:0000', 11),
  line('0100007F:1F90', '0100007F:C350', 12),
  line('0F02000A:C351', '22D8B85D:01BB', 13),
  line('00000000:0050', '00000000:0000', 14),
].join('\n');
const TCP6 = [
  HEADER,
  line('00000000000000000000000001000000:1F90', '00000000000000000000000000000000:0000', 21),
  line('0000000000000000FFFF00000100007F:1F90', '0000000000000000FFFF00000100007F:C352', 22),
  line('B80D0120000000000000000001000000:C353', 'B80D0120000000000000000002000000:01BB', 23),
].join('\n');

describe('sockets in /proc', () => {
  it('have addresses, ports and the inode by which a process holds them', () => {
    const sockets = parseSockets(TCP, 'tcp');
    expect(sockets.map(({ inode }) => inode)).toEqual(['11', '12', '13', '14']);
    expect(sockets[0]?.local).toEqual({ address: '127.0.0.1', port: 8080 });
    expect(sockets[2]?.remote).toEqual({ address: '93.184.216.34', port: 443 });
    const [first, mapped, other] = parseSockets(TCP6, 'tcp6');
    expect(first?.local.address).toBe('::1');
    expect(mapped?.remote.address).toBe('127.0.0.1');
    expect(other?.remote.address).toBe('2001:db8::2');
    expect(parseSockets('', 'udp')).toEqual([]);
  });

  it('are foreign when they lead to another machine or are open to one', () => {
    expect(parseSockets(TCP, 'tcp').map(isForeign)).toEqual([false, false, true, true]);
    expect(parseSockets(TCP6, 'tcp6').map(isForeign)).toEqual([false, false, true]);
    const [, , out, open] = parseSockets(TCP, 'tcp');
    if (out === undefined || open === undefined) throw new Error('two sockets are missing');
    expect(foreignAddress(out)).toBe('93.184.216.34, port 443');
    expect(foreignAddress(open)).toBe('open at any address, port 80');
  });

  it('without a peer and a port yet are not', () => {
    const [unbound] = parseSockets(line('00000000:0000', '00000000:0000', 1), 'udp');
    if (unbound === undefined) throw new Error('the socket is missing');
    expect(isForeign(unbound)).toBe(false);
  });

  it('of the whole of 127/8 are within the machine', () => {
    for (const address of ['127.0.0.1', '127.8.9.10', '::1'])
      expect(isLoopback(address)).toBe(true);
    for (const address of ['128.0.0.1', '10.127.0.0', '::2', '1127.0.0.1', '::']) {
      expect(isLoopback(address)).toBe(false);
    }
  });
});
