/** Starts a process from wherever this module runs: plain Node, or a utility process of Electron. */
import { startNodeProcess } from './hostProcess.ts';
import type { StartProcess } from './hostProcess.ts';
import { parentPort } from './parentPort.ts';
import type { ParentPort } from './parentPort.ts';
import { PortProcess } from './portProcess.ts';
import { processReportSchema } from './processMessages.ts';
import type { ProcessRequest } from './processMessages.ts';

let throughMain: StartProcess | undefined;

/** In a utility process only its main thread can start processes. */
export const startProcess: StartProcess = (entry, args, options) => {
  const port = parentPort();
  if (port === undefined) return startNodeProcess(entry, args, options);
  throughMain ??= startThroughMainProcess(port);
  return throughMain(entry, args, options);
};

/** Asks Electron's main process to start them; see processMessages.ts. */
export function startThroughMainProcess(parent: ParentPort): StartProcess {
  const processes = new Map<number, PortProcess>();
  let last = 0;
  const ask = (request: ProcessRequest): void => {
    parent.postMessage(request);
  };
  parent.on('message', ({ data, ports }) => {
    const report = processReportSchema.safeParse(data).data;
    if (report === undefined) return;
    const started = processes.get(report.process);
    if (report.type === 'process/started') {
      const [port] = ports;
      if (port !== undefined) started?.attach(port);
      return;
    }
    processes.delete(report.process);
    started?.exited({ code: report.code, signal: report.signal });
  });
  return (entry, args, { quiet = false } = {}) => {
    const number = ++last;
    const started = new PortProcess(() => {
      ask({ type: 'process/kill', process: number });
    });
    processes.set(number, started);
    ask({ type: 'process/start', process: number, entry, args: [...args], quiet });
    return started;
  };
}
