import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { hasCode } from '../../base/errors.ts';
import type { WebHost } from '../../webhost/webHost.ts';
import type { RunSummary, WorkbenchClient } from '../../workbench/contract.ts';
import { examples, newCommand, wholeNumber } from '../command.ts';
import type { CommonOptions, Session } from '../command.ts';
import type { Environment } from '../environment.ts';
import { errorText } from '../failure.ts';
import { formatCount } from '../output/format.ts';

const RENDERER = fileURLToPath(new URL('../../../dist/renderer', import.meta.url));

/** Known beforehand, so that a tunnel can be made before the program is started. */
const USUAL_PORT = 8617;

interface ServeOptions extends CommonOptions {
  readonly port?: number;
  readonly allowRoot?: readonly string[];
}

/** `serve`. `rendererFolder` holds the built screens. */
export function serveCommand(session: Session, rendererFolder = RENDERER): Command {
  return newCommand(
    'serve',
    'open the screens in a browser of this machine',
    'Opens the home folder and prints a link to its screens. Only this machine can reach them, and ' +
      'only with that link; from another machine, use an SSH tunnel. Closing the browser changes ' +
      'nothing; Ctrl-C saves the run at work in a checkpoint and ends.',
  )
    .option(
      '--port <number>',
      `port on 127.0.0.1 (default: ${USUAL_PORT}, or a free one when it is taken)`,
      portNumber,
    )
    .option(
      '--allow-root <folders...>',
      'folders whose files can be browsed (default: your home folder and the current one)',
    )
    .addHelpText(
      'after',
      examples(
        'palimpsest serve',
        'palimpsest serve --port 9000 --allow-root /data/notes',
        'ssh -t -L 8617:127.0.0.1:8617 server palimpsest serve',
      ),
    )
    .action((options: ServeOptions) => serve(session, options, rendererFolder));
}

function portNumber(text: string): number {
  const port = wholeNumber(text);
  if (port <= 65535) return port;
  throw new InvalidArgumentError('A number from 0 to 65535 is needed.');
}

async function serve(
  { environment }: Session,
  options: ServeOptions,
  rendererFolder: string,
): Promise<void> {
  const interrupted = Promise.withResolvers<void>();
  const release = environment.onInterrupt(() => {
    interrupted.resolve();
  });
  try {
    const workbench = await environment.openWorkbench(options.home, { asOwner: true });
    try {
      const host = await listen(environment, workbench, options, rendererFolder);
      try {
        announce(environment, host, options);
        await interrupted.promise;
        host.refuse();
        await closeWorkbench(environment, workbench);
      } finally {
        await host.close();
      }
    } finally {
      await workbench.close();
    }
  } finally {
    release();
  }
}

async function listen(
  environment: Environment,
  workbench: WorkbenchClient,
  options: ServeOptions,
  rendererFolder: string,
): Promise<WebHost> {
  // Loaded only now; help has to appear at once.
  const { startWebHost } = await import('../../webhost/webHost.ts');
  const { defaultHomePath } = await import('../../workbench/home.ts');
  const homeFolder = await realpath(defaultHomePath(options.home));
  const start = (port: number): Promise<WebHost> =>
    startWebHost({
      workbench,
      homeFolder,
      rendererFolder,
      allowedRoots: options.allowRoot ?? [homedir(), process.cwd()],
      port,
      onFault: (error) => {
        environment.stderr.write(errorText(error));
      },
    });
  if (options.port !== undefined) return start(options.port);
  try {
    return await start(USUAL_PORT);
  } catch (error) {
    if (!hasCode(error, 'serve/port-in-use')) throw error;
    return start(0);
  }
}

function announce({ stdout, stderr }: Environment, { url, port }: WebHost, options: ServeOptions) {
  stdout.write(options.json ? `${JSON.stringify({ url, port }, null, 2)}\n` : `${url}\n`);
  stderr.write(
    'Open this link in a browser of this machine; it works until this program ends.\n' +
      `From another machine, first: ssh -N -L ${port}:127.0.0.1:${port} and this machine's name.\n` +
      'Ctrl-C saves the run at work in a checkpoint and ends.\n',
  );
}

/** Says what closing does to runs and to other work, does it, and says what came of it. */
async function closeWorkbench({ stderr }: Environment, workbench: WorkbenchClient): Promise<void> {
  const running = await workbench.call('runs/list', { state: 'running' });
  const queued = await workbench.call('runs/list', { state: 'queued' });
  const after = new Map<string, RunSummary>();
  workbench.subscribe((event) => {
    if (event.type === 'run/state') after.set(event.run.id, event.run);
  });
  stderr.write('\nPalimpsest is being closed.\n');
  for (const { name } of running) {
    stderr.write(
      `Run ${name} is being saved in a checkpoint. Ctrl-C again ends without waiting for it.\n`,
    );
  }
  await workbench.close();
  for (const { id, name } of running) stderr.write(describeEnd(name, after.get(id)));
  if (queued.length > 0) {
    const runs = queued.length === 1 ? '1 run waits' : `${formatCount(queued.length)} runs wait`;
    stderr.write(`${runs} in the queue for the next start.\n`);
  }
}

function describeEnd(name: string, run: RunSummary | undefined): string {
  if (run?.state === 'interrupted' && run.error === null) {
    return `Run ${name} is saved at step ${formatCount(run.step)} and goes on at the next start.\n`;
  }
  if (run?.state === 'interrupted') {
    return `Run ${name} goes on from its last checkpoint at the next start. ${run.error?.message ?? ''}\n`;
  }
  return `Run ${name} is ${run?.state ?? 'as it was'}.\n`;
}
