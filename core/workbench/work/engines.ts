/** Questions about the compute engines and the libraries, inside a job process. */
import { createRequire } from 'node:module';
import { listEngines, resolveEngine } from '../../engine/engines.ts';
import type { JobReply, JobRequest } from '../jobContract.ts';

export async function listWork(): Promise<JobReply<'system/engines'>> {
  return listEngines();
}

export async function librariesWork(): Promise<JobReply<'system/libraries'>> {
  // Both engines are loaded for it, which the other questions need not wait for.
  const { engineLibraries } = await import('../../engine/libraries.ts');
  return [...engineLibraries(), { name: 'tokenizers', version: packageVersion('tokenizers') }];
}

export async function requireWork({
  engine,
}: JobRequest<'system/require-engine'>): Promise<JobReply<'system/require-engine'>> {
  return { engine: await resolveEngine(engine) };
}

/** Of a library that does not say it itself. */
function packageVersion(name: string): string {
  const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string };
  return version;
}
