/** The way a host starts a process for the Workbench; see core/base/hostProcess.ts. */
export { startNodeProcess } from '../base/hostProcess.ts';
export type { HostProcess, ProcessExit, StartProcess } from '../base/hostProcess.ts';
