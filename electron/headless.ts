/** `palimpsest --headless …`: the command line in the packaged program, without a window. */
import { nodeEnvironment } from '../core/headless/host.ts';
import { runCommandLine } from '../core/headless/program.ts';
import { VERSION } from '../core/base/version.ts';
import type { ElectronApi } from './api.ts';
import { Processes } from './processes.ts';
import { setupProfile } from './profile.ts';

const SWITCH = '--headless';

/** The arguments of the command line; undefined where a window is wanted. */
export function headlessArguments(argv: readonly string[]): string[] | undefined {
  const place = argv.indexOf(SWITCH);
  return place === -1 ? undefined : argv.slice(place + 1);
}

/** No window means nothing that could be blocked: the Workbench is in this process. */
export async function startHeadless(
  { app, ...electron }: Pick<ElectronApi, 'app' | 'utilityProcess' | 'MessageChannelMain'>,
  args: readonly string[],
): Promise<void> {
  setupProfile({ app });
  app.disableHardwareAcceleration();
  app.dock?.hide();
  const processes = new Processes({ app, ...electron });
  const environment = nodeEnvironment(processes.startProcess);
  await app.whenReady();
  const exitCode = await runCommandLine(args, environment, VERSION);
  await environment.flush();
  app.exit(exitCode);
}
