import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

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
