/** Real training through the real job process: messages, pause, cancel, signals, kills. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashFile } from '../../../core/base/files.ts';
import { listCheckpoints } from '../../../core/training/checkpoint.ts';
import type { RunSpecification } from '../../../core/training/configuration.ts';
import { readEvents } from '../../../core/training/eventLog.ts';
import { EXIT_CODES, trainingJobPath } from '../../../core/training/jobProtocol.ts';
import { readRunFile } from '../../../core/training/runFile.ts';
import { tinyTraining } from '../../fixtures/tinyTraining.ts';
import type { TinyTraining } from '../../fixtures/tinyTraining.ts';
import { runJob, startJob } from '../../fixtures/trainingJob.ts';
import type { JobExit } from '../../fixtures/trainingJob.ts';
import { killAndResume } from './killing.ts';

let folder: string;
let tiny: TinyTraining;
let reference: { specification: RunSpecification; exit: JobExit; weights: string };

const finalWeights = async (run: RunSpecification): Promise<string> => {
  const [latest] = await listCheckpoints(run.runFolder, 'checkpoints');
  return hashFile(join(latest?.folder ?? '', 'model.safetensors'));
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-job-'));
  tiny = await tinyTraining(folder);
  const specification = tiny.specify('reference');
  const exit = await runJob(specification);
  reference = { specification, exit, weights: await finalWeights(specification) };
});
afterAll(() => rm(folder, { recursive: true }));

/** Resolves when the job has done at least so many steps. */
function atStep(job: ReturnType<typeof startJob>, step: number): Promise<unknown> {
  return job.waitFor((message) => message.type === 'event' && message.event.step >= step);
}

describe('a training job', () => {
  it('trains to the end: the target loss falls, what it says is what it wrote', () => {
    const { exit, specification } = reference;
    expect(exit).toMatchObject({ code: EXIT_CODES.completed, signal: null, output: '' });
    expect(exit.messages.at(-1)).toEqual({ type: 'ended', outcome: 'completed' });
    const events = exit.messages.flatMap((m) => (m.type === 'event' ? [m.event] : []));
    expect(events).toEqual(readEvents(specification.runFolder));
    expect(exit.messages.some(({ type }) => type === 'heartbeat')).toBe(true);
    const nll = (phase: string): number => {
      const found = events.find(
        (e) =>
          e.type === 'evaluation' && e.phase === phase && e.role === 'target' && e.split === 'test',
      );
      return found?.type === 'evaluation' ? found.nll : Number.NaN;
    };
    expect(nll('after')).toBeLessThan(nll('before') - 1);
  });

  it('writes what the run is, and no text of the corpus', async () => {
    const { specification } = reference;
    expect(readRunFile(specification.runFolder)).toMatchObject({
      specification,
      engine: 'cpu',
      threads: 2,
      versions: { node: process.versions.node },
    });
    for (const name of ['run.json', 'events.jsonl']) {
      const content = await readFile(join(specification.runFolder, name), 'utf8');
      for (const word of ['patient', 'chronic', 'daily', 'river'])
        expect(content).not.toContain(word);
    }
  });

  it('pauses with a checkpoint and, started again, ends with the same weights', async () => {
    const specification = tiny.specify('paused');
    for (const step of [15, 40]) {
      const job = startJob(specification);
      await atStep(job, step);
      job.send({ type: 'pause' });
      const { code, messages } = await job.exit;
      expect(code).toBe(EXIT_CODES.paused);
      expect(messages.at(-1)).toEqual({ type: 'ended', outcome: 'paused' });
      const [latest] = await listCheckpoints(specification.runFolder, 'checkpoints');
      expect(readEvents(specification.runFolder).at(-1)).toMatchObject({
        type: 'ended',
        outcome: 'paused',
        step: latest?.step,
      });
    }
    expect((await runJob(specification)).code).toBe(EXIT_CODES.completed);
    expect(await finalWeights(specification)).toBe(reference.weights);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('takes %s for a pause', async (signal) => {
    const specification = tiny.specify(signal);
    const job = startJob(specification);
    await atStep(job, 10);
    job.process.kill(signal);
    expect(await job.exit).toMatchObject({ code: EXIT_CODES.paused, signal: null });
    expect(await listCheckpoints(specification.runFolder, 'checkpoints')).toHaveLength(1);
  });

  it('cancels', async () => {
    const specification = tiny.specify('cancelled', { max_steps: 100_000 });
    const job = startJob(specification);
    await atStep(job, 10);
    job.send({ type: 'cancel' });
    const { code, messages } = await job.exit;
    expect(code).toBe(EXIT_CODES.cancelled);
    expect(messages.at(-1)).toEqual({ type: 'ended', outcome: 'cancelled' });
  });

  it('saves and ends as interrupted when its parent is gone', async () => {
    const specification = tiny.specify('orphan', { max_steps: 100_000 });
    const program = join(import.meta.dirname, '../../fixtures/trainingProcessTree.ts');
    const parent = spawn(process.execPath, [program, JSON.stringify(specification)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const jobId = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString()))),
    );
    const latest = (): number => readEvents(specification.runFolder).at(-1)?.step ?? 0;
    while (latest() < 10) await sleep(50);
    parent.kill('SIGKILL');
    while (isAlive(jobId)) await sleep(50);
    expect(readEvents(specification.runFolder).at(-1)).toMatchObject({
      type: 'ended',
      outcome: 'interrupted',
    });
    const [checkpoint] = await listCheckpoints(specification.runFolder, 'checkpoints');
    expect(checkpoint?.step).toBe(latest());
  });

  it('waits for another that works in its run folder, and writes nothing beside it', async () => {
    const specification = tiny.specify('shared');
    const first = startJob(specification);
    await atStep(first, 5);
    // Held still, so that it has not ended before the others have come.
    first.process.kill('SIGSTOP');
    const second = startJob(specification);
    const impatient = startJob(specification);
    await impatient.waitFor(({ type }) => type === 'heartbeat');
    impatient.send({ type: 'pause' });
    expect(await impatient.exit).toMatchObject({ code: EXIT_CODES.paused });
    await second.waitFor(({ type }) => type === 'heartbeat');
    first.process.kill('SIGCONT');
    expect((await first.exit).code).toBe(EXIT_CODES.completed);
    const { code, messages } = await second.exit;
    expect(code).toBe(EXIT_CODES.completed);
    expect(messages.filter(({ type }) => type === 'event')).toEqual([]);
    expect(new Set(readEvents(specification.runFolder).map(({ attempt }) => attempt))).toEqual(
      new Set([1]),
    );
    expect(await finalWeights(specification)).toBe(reference.weights);
  });

  it('says in one sentence what is wrong with its input, and leaves no checkpoint', async () => {
    const specification = { ...tiny.specify('missing'), modelFolder: join(folder, 'absent') };
    const { code, messages, output } = await runJob(specification);
    expect(code).toBe(EXIT_CODES.failed);
    expect(messages.at(-1)).toMatchObject({
      type: 'ended',
      outcome: 'failed',
      error: { code: 'system/enoent' },
    });
    expect(output).toBe('');
    expect(existsSync(join(specification.runFolder, 'checkpoints'))).toBe(false);
  });

  it('refuses a model, a tokenizer and a corpus that are not those of the run', async () => {
    const whole = tiny.specify('other');
    for (const [specification, code] of [
      [{ ...whole, modelHash: 'other' }, 'run/model-changed'],
      [{ ...whole, tokenizerHash: 'other' }, 'run/model-changed'],
      [tiny.specify('long', { max_seq_length: 65 }), 'run/max-seq-length'],
    ] as const) {
      const { messages } = await runJob(specification);
      expect(messages.at(-1)).toMatchObject({ outcome: 'failed', error: { code } });
    }
  });

  it('does not run when started by hand', async () => {
    const child = spawn(process.execPath, [trainingJobPath()], { stdio: 'ignore' });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect(code).toBe(EXIT_CODES.wrongUsage);
  });

  it('stops with a reason when it cannot write', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const specification = { ...tiny.specify('blocked'), runFolder: join(file, 'run') };
    const { code, messages } = await runJob(specification);
    expect(code).toBe(EXIT_CODES.failed);
    expect(messages.at(-1)).toMatchObject({ outcome: 'failed', error: { code: 'system/enotdir' } });
  });
});

describe('a killed job', () => {
  it('goes on from its last checkpoint and ends with the weights of an untouched run', async () => {
    const kills = Number(process.env['PALIMPSEST_TEST_KILLS'] ?? 3);
    const specify = (name: string): RunSpecification => tiny.specify(name, { save_steps: 5 });
    const { reports, weightsSha256 } = await killAndResume(specify, kills, Date.now());
    expect(weightsSha256).toBe(reference.weights);
    expect(reports.map(({ identical }) => identical)).toEqual(Array<boolean>(kills).fill(true));
    for (const name of await readdir(join(folder, 'runs'))) {
      if (!name.startsWith('killed-')) continue;
      const checkpoints = await readdir(join(folder, 'runs', name, 'checkpoints'));
      expect(checkpoints).toEqual(['step-60']);
    }
  }, 600_000);
});

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
