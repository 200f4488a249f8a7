/** The command line: connects `runCommandLine` to this process. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { nodeEnvironment } from './host.ts';
import { runCommandLine } from './program.ts';

const packagePath = new URL('../../package.json', import.meta.url);
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(packagePath, 'utf8')));

const environment = nodeEnvironment();
const exitCode = await runCommandLine(process.argv.slice(2), environment, version);
await environment.flush();
// Native libraries may keep threads; the answer is out, so nothing is waited for.
process.exit(exitCode);
