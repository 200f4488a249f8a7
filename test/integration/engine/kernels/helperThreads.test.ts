import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { Arenas } from '../../../../core/engine/kernels/arenas.ts';
import { HelperThreads } from '../../../../core/engine/kernels/helperThreads.ts';

const MODULE = join(
  import.meta.dirname,
  '../../../../core/engine/kernels/createHostKernels.ts',
).replaceAll('\\', '/');

async function runProgram(body: string): Promise<string> {
  const program = `
    import { createHostKernels } from ${JSON.stringify(MODULE)};
    const kernels = createHostKernels({ threads: 3 });
    const values = kernels.allocate(300_000).fill(1);
    ${body}
  `;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    timeout: 60_000,
  });
  return stdout.trim();
}

it('do not keep a process alive that forgot to close them', async () => {
  expect(await runProgram('console.log(kernels.squaredNorm(values));')).toBe('300000');
});

it('end when they are closed', async () => {
  const body = `
    kernels.squaredNorm(values);
    await kernels.close();
    console.log(kernels.threads, kernels.squaredNorm(values));
    console.log(process.getActiveResourcesInfo().includes('MessagePort'));
  `;
  expect(await runProgram(body)).toBe('1 300000\nfalse');
});

it('run in a worker, as the compute thread of a job does', async () => {
  const body = `
    const { Worker } = await import('node:worker_threads');
    const code = \`
      import(\${JSON.stringify(${JSON.stringify(MODULE)})}).then(async ({ createHostKernels }) => {
        const kernels = createHostKernels({ threads: 2 });
        const sum = kernels.squaredNorm(kernels.allocate(300_000).fill(2));
        require('node:worker_threads').parentPort.postMessage(sum);
      });
    \`;
    const worker = new Worker(code, { eval: true, execArgv: [] });
    worker.on('message', (sum) => console.log(sum));
    worker.on('exit', (code) => console.log(code));
  `;
  expect(await runProgram(body)).toBe('1200000\n0');
});

it('take parts of a call, each once', async () => {
  const helpers = new HelperThreads(2);
  const arenas = new Arenas((arena) => helpers.addArena(arena));
  const length = 100_000;
  const partLength = 1000;
  const { arena, offsets } = arenas.allocate([4 * length, 4 * length]);
  const [target, source] = offsets.map((offset) => new Float32Array(arena.buffer, offset, length));
  source.fill(1);
  let calls = 0;
  const limit = Date.now() + 20_000;
  while ((helpers.helped < 1000 || calls < 200) && Date.now() < limit) {
    const parts = Array.from({ length: length / partLength }, (_, part) => {
      const start = 4 * part * partLength;
      return [offsets[0] + start, offsets[1] + start, partLength, 1];
    });
    helpers.run('accumulate', arena, parts);
    calls++;
    expect(target.every((value) => value === calls)).toBe(true);
  }
  expect(helpers.helped).toBeGreaterThanOrEqual(1000);
  await helpers.close();
});
