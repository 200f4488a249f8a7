import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { EagerExecutor } from '../../../core/engine/eager/eagerExecutor.ts';
import { isTensorFlowInstalled, loadTensorFlow } from '../../../core/engine/eager/tensorflow.ts';
import { probeInProcess, probeWith } from '../../../core/engine/engineProbe.ts';
import type { Executor } from '../../../core/engine/executor.ts';
import { OnnxExecutor } from '../../../core/engine/onnx/onnxExecutor.ts';
import { checkExecutor, timeExecutor } from '../../../core/engine/selfCheck.ts';

const compiled = new OnnxExecutor({
  provider: 'cpu',
  threads: 1,
  cacheBytes: 2 ** 28,
  allocate: (length) => new Float32Array(length),
});
const eager = new EagerExecutor({ backend: 'cpu', description: "TensorFlow.js's CPU backend" });

describe('the self-check', () => {
  it.each([
    ['compiled', compiled],
    ['eager', eager],
  ])('is passed by the %s executor', async (_name, executor) => {
    await checkExecutor(executor);
  });

  it('is failed by an executor whose results are off by a thousandth', async () => {
    const wrong: Executor = {
      engine: 'cpu',
      description: 'wrong',
      run: async (program, request) => {
        const result = await compiled.run(program, request);
        const outputs = new Map(
          [...result.outputs].map(([name, values]) => [name, values.map((x) => 1.001 * x)]),
        );
        return { ...result, outputs };
      },
      close: async () => {},
    };
    await expect(checkExecutor(wrong)).rejects.toThrow('The loss is 2.48');
  });

  it('takes the time of an executor', async () => {
    expect(await timeExecutor(compiled)).toBeGreaterThan(0);
    await compiled.close();
  });
});

describe('a probe', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palimpsest-probe-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  async function program(source: string): Promise<string> {
    const path = join(folder, 'program.mjs');
    await writeFile(path, source);
    return path;
  }

  it('reports the CPU engine', async () => {
    const result = await probeInProcess('cpu', true);
    expect(result).toMatchObject({ available: true });
    expect(result).toHaveProperty('seconds', expect.any(Number));
  });

  it('survives a driver that brings its process down', async () => {
    const crash = await program("process.kill(process.pid, 'SIGSEGV')");
    expect(await probeWith(crash, [], 60_000)).toEqual({
      available: false,
      reason: "The self-check's process ended with SIGSEGV.",
    });
  });

  it('survives a driver that hangs', async () => {
    const hang = await program('for (;;);');
    expect(await probeWith(hang, [], 500)).toEqual({
      available: false,
      reason: 'The self-check did not end within 0.5 seconds.',
    });
  });
});

describe.skipIf(isTensorFlowInstalled())('TensorFlow where it is not installed', () => {
  it('is refused with the command that installs it', async () => {
    expect(loadTensorFlow).toThrow(UserError);
    const result = await probeInProcess('tensorflow', false);
    expect(result).toEqual({
      available: false,
      reason: "TensorFlow's native library is not installed.",
    });
  });
});
