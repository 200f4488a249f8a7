/** The processes that a program has started. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** The training process among a host's children; throws where there is not exactly one. */
export function trainingProcess(host: number): number {
  const found = allProcesses().filter(
    ({ parent, command }) => parent === host && /training[/\\]job\./.test(command),
  );
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`There are ${found.length} training processes of process ${host}.`);
  }
  return only.pid;
}

export function childProcesses(parent: number): number[] {
  return allProcesses()
    .filter((line) => line.parent === parent)
    .map(({ pid }) => pid);
}

function allProcesses(): ProcessLine[] {
  if (process.platform !== 'linux') {
    const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' });
    return text.split('\n').flatMap((line) => {
      const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
    });
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const status = readFileSync(`/proc/${name}/status`, 'utf8');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [
          { pid: Number(name), parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]), command },
        ];
      } catch {
        // It ended between the two readings.
        return [];
      }
    });
}
