/** Questions about the compute engines, inside a job process. */
import { listEngines, resolveEngine } from '../../engine/engines.ts';
import type { JobReply, JobRequest } from '../jobContract.ts';

export async function listWork(): Promise<JobReply<'system/engines'>> {
  return listEngines();
}

export async function requireWork({
  engine,
}: JobRequest<'system/require-engine'>): Promise<JobReply<'system/require-engine'>> {
  return { engine: await resolveEngine(engine) };
}
