/**
 * Kills training jobs at random moments and proves that the run, continued, ends with the weights of
 * a run that nobody touched. Used by the tests with a few kills and by `test/bench/kills.ts` with many.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RandomStream } from '../../../core/base/random.ts';
import { TEMPORARY_PREFIX, hashFile } from '../../../core/base/files.ts';
import { listCheckpoints } from '../../../core/training/checkpoint.ts';
import type { RunSpecification } from '../../../core/training/configuration.ts';
import { readEvents } from '../../../core/training/eventLog.ts';
import { runJob, startJob } from '../../fixtures/trainingJob.ts';

/** `moment`: the job, at a random moment. `checkpoint`: the job, while it writes one. `tree`: its parent too. */
export type KillKind = 'moment' | 'checkpoint' | 'tree';
const KINDS: readonly KillKind[] = ['checkpoint', 'moment', 'tree'];

export interface KillReport {
  readonly kind: KillKind;
  /** Seconds from the start of the process to the kill. */
  readonly after: number;
  /** The last step in the run's history when it had been killed. */
  readonly lastStep: number;
  /** A half-written checkpoint was left behind. */
  readonly insideCheckpoint: boolean;
  readonly resumedFrom: number | null;
  readonly identical: boolean;
}

export interface KillTrial {
  readonly seconds: number;
  readonly steps: number;
  readonly weightsSha256: string;
  readonly reports: readonly KillReport[];
}

/** `specify` makes the specification of one and the same run in a folder that does not exist yet. */
export async function killAndResume(
  specify: (name: string) => RunSpecification,
  kills: number,
  seed: number,
  onReport: (report: KillReport) => void = () => undefined,
): Promise<KillTrial> {
  const reference = specify('untouched');
  const started = performance.now();
  await complete(reference);
  const seconds = (performance.now() - started) / 1000;
  const weightsSha256 = await finalWeights(reference);

  const random = new RandomStream(seed, 'demoText', kills);
  const reports: KillReport[] = [];
  for (let trial = 1; reports.length < kills; trial++) {
    const run = specify(`killed-${trial}`);
    const kind = KINDS[reports.length % KINDS.length] ?? 'moment';
    const after = await startAndKill(run, kind, seconds * random.nextFloat(), random);
    const last = readEvents(run.runFolder).at(-1);
    if (last?.type === 'ended') {
      // The kill came too late. What is shown as completed must be it.
      if ((await finalWeights(run)) !== weightsSha256) throw new Error(`${run.runFolder} is not.`);
      continue;
    }
    const insideCheckpoint = temporaries(run).length > 0;
    const [latest] = await listCheckpoints(run.runFolder, 'checkpoints');
    await complete(run);
    const report: KillReport = {
      kind,
      after,
      lastStep: last?.step ?? 0,
      insideCheckpoint,
      resumedFrom: latest?.step ?? null,
      identical: (await finalWeights(run)) === weightsSha256,
    };
    onReport(report);
    reports.push(report);
  }
  const steps = readEvents(reference.runFolder).at(-1)?.step ?? 0;
  return { seconds, steps, weightsSha256, reports };
}

async function complete(run: RunSpecification): Promise<void> {
  const { code, signal, output, messages } = await runJob(run);
  const end = messages.at(-1);
  if (code !== 0 || end?.type !== 'ended' || end.outcome !== 'completed') {
    throw new Error(`The job ended with ${code ?? signal}: ${JSON.stringify(end)} ${output}`);
  }
}

async function finalWeights(run: RunSpecification): Promise<string> {
  const [latest] = await listCheckpoints(run.runFolder, 'checkpoints');
  if (latest === undefined) throw new Error(`${run.runFolder} has no checkpoint.`);
  return hashFile(join(latest.folder, 'model.safetensors'));
}

/** Resolves when the process is gone, with the seconds it lived. */
async function startAndKill(
  run: RunSpecification,
  kind: KillKind,
  delay: number,
  random: RandomStream,
): Promise<number> {
  const started = performance.now();
  const folder = join(run.runFolder, 'checkpoints');
  await mkdir(folder, { recursive: true });
  const moment =
    kind === 'checkpoint'
      ? checkpointWriting(folder, 1 + random.nextInteger(3), random.nextFloat())
      : sleep(delay * 1000);
  if (kind === 'tree') {
    const program = join(import.meta.dirname, '../../fixtures/trainingProcessTree.ts');
    const parent = spawn(process.execPath, [program, JSON.stringify(run)], {
      detached: true,
      stdio: 'ignore',
    });
    const gone = new Promise((resolve) => parent.on('exit', resolve));
    await Promise.race([moment, gone]);
    if (parent.pid !== undefined && parent.exitCode === null) process.kill(-parent.pid, 'SIGKILL');
    await gone;
  } else {
    const job = startJob(run);
    await Promise.race([moment, job.exit]);
    job.process.kill('SIGKILL');
    await job.exit;
  }
  return (performance.now() - started) / 1000;
}

const temporaries = (run: RunSpecification): string[] => {
  const folder = join(run.runFolder, 'checkpoints');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.startsWith(TEMPORARY_PREFIX));
};

/** Resolves while the `nth` checkpoint is being written, `share` of a few milliseconds into it. */
function checkpointWriting(folder: string, nth: number, share: number): Promise<void> {
  return new Promise((resolve) => {
    const seen = new Set<string>();
    const watcher = watch(folder, (_, name) => {
      if (name === null || !name.startsWith(TEMPORARY_PREFIX)) return;
      seen.add(name);
      if (seen.size < nth) return;
      watcher.close();
      setTimeout(resolve, share * 3);
    });
  });
}
