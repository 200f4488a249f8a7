import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../core/headless/program.ts';
import type { Estimate } from '../../../core/workbench/schemas/estimate.ts';
import { within } from '../../../core/workbench/spans.ts';
import { memoryEnvironment, PreparedWorkbench } from './fakes.ts';

const PROJECT = 'name: pilot\nbase_model: bert\ntarget_corpus: notes\nsource_corpus: wiki\n';

const ESTIMATE: Estimate = {
  engine: 'cpu',
  device: 'ONNX Runtime 1.30.0, CPU, 2 threads',
  probe: { steps: 20, seconds: 41.3, isBesideRuns: false, isBusy: false },
  strategies: [
    {
      strategy: 'ndt',
      settings: '',
      runs: { results: 1, choosing: 0, done: 0 },
      steps: within(0, 0),
      secondsPerStep: null,
      secondsPerRun: within(2, 0),
      seconds: within(2, 0),
    },
    {
      strategy: 'ewc',
      settings: '3 values of λ',
      runs: { results: 2, choosing: 3, done: 0 },
      steps: within(1500, 0),
      secondsPerStep: within(0.425, 0.1),
      secondsPerRun: within(640, 0.1),
      seconds: within(7800, 0.25),
    },
  ],
  shared: [
    { kind: 'tokens', corpus: 'notes', isThere: true, seconds: within(0, 0) },
    { kind: 'Fisher diagonal', corpus: 'wiki', isThere: false, seconds: within(40, 0.1) },
  ],
  runs: { results: 3, choosing: 3, done: 1 },
  seconds: within(7842, 0.25),
  evaluationSeconds: within(300, 0.1),
  tokensPerSecond: 1935.4,
  memory: { peak: { expected: 1.4e9, low: 1.3e9, high: 1.8e9 }, available: 1e9 },
  disk: { most: 4.03e8, left: 2.31e8, free: 8.09e10 },
  warnings: ['A run needs about 1.40 GB of memory, and 1.00 GB are available. Close others.'],
  remarks: ['The forgetting guard may end runs earlier.'],
};

let folder = '';
let file = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-estimate-command-'));
  file = join(folder, 'pilot.yaml');
  await writeFile(file, PROJECT);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(...args: string[]) {
  const workbench = new PreparedWorkbench({ 'projects/estimate': ESTIMATE });
  const environment = memoryEnvironment(workbench);
  const exitCode = await runCommandLine(['estimate', ...args], environment, '1');
  const { stdout, stderr, homes } = environment;
  return { exitCode, out: stdout.text, error: stderr.text, workbench, homes };
}

describe('estimate', () => {
  it('shows strategies, the total with its range, memory, disk, and what is short', async () => {
    const { exitCode, out, workbench } = await run(file);
    expect(exitCode).toBe(0);
    expect(workbench.requests[0]).toMatchObject({
      name: 'projects/estimate',
      request: { project: { name: 'pilot', engine: 'auto' } },
    });
    const lines = out.split('\n').map((line) => line.replaceAll(/ {2,}/g, '  ').trim());
    expect(lines).toContain('strategy  runs  steps  a step  a run  all runs  range');
    expect(lines).toContain(
      'EWC 3 values of λ  5  1,500  425 ms  11 min 0 s  2 h 10 min  1 h 40 min to 2 h 45 min',
    );
    expect(lines).toContain('total time  2 h 10 min, 1 h 40 min to 2 h 45 min');
    expect(lines).toContain('once: Fisher diagonal on wiki  40 s, 36 s to 44 s');
    expect(out).not.toContain('tokens of notes');
    expect(lines).toContain('memory  1.3 GB to 1.8 GB for a run');
    expect(lines).toContain('disk  403 MB at most, 231 MB afterwards; 80.9 GB are free');
    expect(lines).toContain('pace  1,935 tokens a second');
    expect(lines).toContain('done already  1 run, used again');
    expect(lines).toContain('The forgetting guard may end runs earlier.');
    expect(out).toContain('Warning: A run needs about 1.40 GB of memory');
  });

  it('gives the whole estimate as JSON, with the engine asked for', async () => {
    const { out, workbench } = await run(file, '--engine', 'cpu', '--json');
    expect(JSON.parse(out)).toEqual(ESTIMATE);
    expect(workbench.requests[0]?.request).toMatchObject({ project: { engine: 'cpu' } });
  });

  it('finds a wrong file before it opens the home folder', async () => {
    const wrong = join(folder, 'wrong.yaml');
    await writeFile(wrong, 'name: pilot\n');
    const { exitCode, error, homes } = await run(wrong);
    expect(exitCode).not.toBe(0);
    expect(error).toContain('base_model');
    expect(homes).toEqual([]);
  });
});
