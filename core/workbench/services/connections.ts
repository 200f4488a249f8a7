/** Whether any process of Palimpsest has to do with another machine, as the system itself says. */
import type { Connections } from '../schemas/system.ts';
import { foreignAddress, isForeign, processTree, socketsOf } from '../openSockets.ts';

export async function findConnections(): Promise<Connections> {
  const checkedAt = new Date().toISOString();
  const root = rootOfProgram();
  if (process.platform !== 'linux') {
    return { checkedAt, sockets: null, processes: [root], command: commandFor([root]) };
  }
  const processes = await processTree(root);
  const foreign: { pid: number; protocol: string; address: string }[] = [];
  let local = 0;
  for (const pid of processes) {
    for (const socket of await socketsOf(pid)) {
      if (!isForeign(socket)) local++;
      else foreign.push({ pid, protocol: socket.protocol, address: foreignAddress(socket) });
    }
  }
  return { checkedAt, sockets: { local, foreign }, processes, command: commandFor(processes) };
}

/** In Electron the Workbench is a child of the program whose windows and other children count too. */
function rootOfProgram(): number {
  // As an object: Electron's own types, where they are installed, say that it is always there.
  const host: object = process;
  return 'parentPort' in host ? process.ppid : process.pid;
}

function commandFor(processes: readonly number[]): string {
  switch (process.platform) {
    case 'linux':
      return `ss -tunap | grep -E 'pid=(${processes.join('|')}),'`;
    case 'win32':
      return `netstat -ano | findstr "${processes.join(' ')}"`;
    default:
      return `lsof -nP -i -a -p ${processes.join(',')}`;
  }
}
