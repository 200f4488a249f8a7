/**
 * Measures what the steps and evaluations of a project take on this machine, inside a job process:
 * the real model on the real engine, with batches of the real corpora. What it writes lies in one
 * folder, which is removed at the end.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import type { Session, Weights } from '../../engine/types.ts';
import { writeWeightsFile } from '../../model/checkpointFiles.ts';
import { loadModelFolder } from '../../model/modelFolder.ts';
import type { ModelFolder } from '../../model/modelFolder.ts';
import { openMlmSession } from '../../model/openSession.ts';
import { SDT } from '../../strategies/sdt.ts';
import { openTokenizer } from '../../text/tokenizer.ts';
import type { ReportProgress, Tokenizer } from '../../text/types.ts';
import { holdAnchor } from '../../training/anchor.ts';
import { BaseScores } from '../../training/baseScores.ts';
import { openSourceStream, openTargetStream } from '../../training/batchStream.ts';
import type { OpenedStream } from '../../training/batchStream.ts';
import { programVersions } from '../../training/runFile.ts';
import type { JobReply, JobRequest } from '../jobContract.ts';
import type { EvaluationMeasurement } from '../probeContract.ts';
import { probeCorpus } from './probe/corpora.ts';
import type { ProbedCorpus } from './probe/corpora.ts';
import { measureEvaluation } from './probe/evaluations.ts';
import { measureFisher } from './probe/fisher.ts';
import { measureSteps } from './probe/steps.ts';
import type { MeasuredSteps } from './probe/steps.ts';

type Request = JobRequest<'projects/probe'>;

export async function probeWork(
  request: Request,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<JobReply<'projects/probe'>> {
  await mkdir(request.scratchFolder, { mode: 0o700 });
  try {
    return await new Probe(request, report, signal).measure();
  } finally {
    await rm(request.scratchFolder, { recursive: true, force: true });
  }
}

class Probe {
  readonly #request: Request;
  readonly #report: ReportProgress;
  readonly #signal: AbortSignal;
  readonly #opened: { close(): unknown }[] = [];

  constructor(request: Request, report: ReportProgress, signal: AbortSignal) {
    this.#request = request;
    this.#report = report;
    this.#signal = signal;
  }

  async measure(): Promise<JobReply<'projects/probe'>> {
    const { modelFolder, modelHash, tokenizerHash, engine, settings } = this.#request;
    const threads = this.#request.threads ?? availableParallelism();
    this.#tell('loading the model', 0, null, '');
    const model = await loadModelFolder(modelFolder);
    const { tokenizer } = await openTokenizer(modelFolder);
    requireSame('model', model.hash, modelHash, modelFolder);
    requireSame('tokenizer', tokenizer.hash, tokenizerHash, modelFolder);
    this.#signal.throwIfAborted();
    try {
      const session = await openMlmSession({
        config: model.config,
        weights: model.weights,
        session: { engine, threads },
        dropout: settings.dropout,
      });
      this.#opened.push(session);
      await holdAnchor(session, SDT, model.weights, undefined);
      const startSeconds = secondsSinceStart();
      this.#signal.throwIfAborted();
      const before = processorTimes();
      const corpora = await this.#corpora(tokenizer);
      const evaluations = await this.#evaluations(session, tokenizer);
      const { measurements, tokensPerSecond } = await this.#steps(
        session,
        model,
        tokenizer,
        corpora,
      );
      const othersShare = shareOfOthers(before, processorTimes());
      const peakBytes = await peakResidentBytes();
      const bytesPerSecond = await this.#writing(session, model);
      return {
        engine: session.engine,
        device: session.description,
        startSeconds,
        corpora: [...corpora.values()].map(({ measurement }) => measurement),
        steps: measurements,
        tokensPerSecond,
        evaluations,
        hasBaseScores: this.#hasBaseScores(session, threads),
        fisher: await this.#fisher(session, model, tokenizer, corpora),
        bytesPerSecond,
        peakBytes,
        othersShare,
        seconds: secondsSinceStart(),
      };
    } finally {
      for (const resource of this.#opened.toReversed()) await resource.close();
    }
  }

  async #corpora(tokenizer: Tokenizer): Promise<Map<string, ProbedCorpus>> {
    const { corpora, settings, scratchFolder } = this.#request;
    const probed = new Map<string, ProbedCorpus>();
    for (const [index, folder] of corpora.entries()) {
      this.#tell('reading samples of the corpora', index, corpora.length, 'corpora');
      const sampleFolder = join(scratchFolder, `tokens-${index}`);
      const probe = { folder, tokenizer, settings, sampleFolder };
      probed.set(folder, await probeCorpus(probe, this.#signal));
      this.#signal.throwIfAborted();
    }
    return probed;
  }

  async #evaluations(session: Session, tokenizer: Tokenizer): Promise<EvaluationMeasurement[]> {
    const { evaluation, settings } = this.#request;
    const measured: EvaluationMeasurement[] = [];
    for (const [index, folder] of evaluation.corpora.entries()) {
      this.#tell('timing evaluations', index, evaluation.corpora.length, 'corpora');
      const probe = { session, tokenizer, settings, evaluation, signal: this.#signal };
      measured.push(await measureEvaluation(probe, folder));
    }
    return measured;
  }

  async #steps(
    session: Session,
    { config }: ModelFolder,
    tokenizer: Tokenizer,
    corpora: ReadonlyMap<string, ProbedCorpus>,
  ): Promise<MeasuredSteps> {
    const { kinds, settings, seed, targetFolder, rehearsal } = this.#request;
    const options = { tokenizer, config, settings, seed };
    const streams = new Map<string, OpenedStream>();
    const opened = (key: string, open: () => OpenedStream): OpenedStream => {
      const stream = streams.get(key) ?? open();
      if (!streams.has(key)) this.#opened.push(stream);
      streams.set(key, stream);
      return stream;
    };
    let ones: Weights | undefined;
    return measureSteps(
      {
        session,
        settings,
        seed,
        signal: this.#signal,
        stream: (kind, { sourceRatio }) => {
          if (kind === 'target') {
            return opened('target', () => openTargetStream(given(corpora, targetFolder), options));
          }
          if (rehearsal === undefined || sourceRatio === null) {
            throw new Error('The probe was given no rehearsal corpus.');
          }
          const { folder, buffer } = rehearsal;
          return opened(`source ${sourceRatio}`, () =>
            openSourceStream({ ...given(corpora, folder), buffer }, sourceRatio, options),
          );
        },
        importances: () => (ones ??= onesFor(session)),
        onStep: (done, total) => this.#tell('timing steps', done, total, 'steps'),
      },
      kinds,
    );
  }

  /** Writes the weights as a checkpoint does. */
  async #writing(session: Session, { weights }: ModelFolder): Promise<number> {
    this.#tell('timing checkpoints', 0, null, '');
    const started = performance.now();
    const path = join(this.#request.scratchFolder, 'model.safetensors');
    const { bytes } = await writeWeightsFile(path, session.parameters, weights);
    this.#signal.throwIfAborted();
    return bytes / Math.max(1e-3, (performance.now() - started) / 1000);
  }

  async #fisher(
    session: Session,
    { config }: ModelFolder,
    tokenizer: Tokenizer,
    corpora: ReadonlyMap<string, ProbedCorpus>,
  ): Promise<JobReply<'projects/probe'>['fisher']> {
    const { fisher, settings } = this.#request;
    if (fisher === undefined) return null;
    this.#tell('timing the Fisher diagonal', 0, null, '');
    const corpus = given(corpora, fisher.folder);
    return measureFisher(
      { session, config, tokenizer, settings, fisher: fisher.settings, corpus },
      this.#signal,
    );
  }

  /** Only those that were computed as the runs of the project would are taken by them. */
  #hasBaseScores({ engine, description }: Session, threads: number): boolean {
    const { sets, baseScoresFolder } = this.#request.evaluation;
    const machine = { engine, device: description, threads, versions: programVersions() };
    const scores = new BaseScores(baseScoresFolder, this.#request, machine);
    return sets.length > 0 && sets.every((set) => scores.has(set));
  }

  #tell(stage: string, done: number, total: number | null, unit: string): void {
    this.#report({ stage, done, total, unit });
  }
}

function given(corpora: ReadonlyMap<string, ProbedCorpus>, folder: string): ProbedCorpus {
  const corpus = corpora.get(folder);
  if (corpus === undefined) throw new Error(`The probe was not given the corpus in ${folder}.`);
  return corpus;
}

function onesFor({ parameters }: Session): Weights {
  const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  return new Map(
    parameters.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape)).fill(1)]),
  );
}

/** Of this process, the time in which Node started included. */
function secondsSinceStart(): number {
  return performance.now() / 1000;
}

interface ProcessorTimes {
  /** Milliseconds of all cores: at work, at work for this process, and at work or idle. */
  readonly busy: number;
  readonly own: number;
  readonly all: number;
}

function processorTimes(): ProcessorTimes {
  const { user, system } = process.cpuUsage();
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const whole = times.user + times.nice + times.sys + times.irq + times.idle;
    all += whole;
    busy += whole - times.idle;
  }
  return { busy, own: (user + system) / 1000, all };
}

function shareOfOthers(from: ProcessorTimes, to: ProcessorTimes): number {
  const all = to.all - from.all;
  const others = to.busy - from.busy - (to.own - from.own);
  return all <= 0 ? 0 : Math.max(0, others / all);
}

/** Linux passes the peak of the process before to `maxRSS`, and tells the own one in another place. */
async function peakResidentBytes(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const own = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return 1024 * (own === undefined ? process.resourceUsage().maxRSS : Number(own));
}

function requireSame(what: string, found: string, expected: string, folder: string): void {
  if (found === expected) return;
  throw new UserError(
    'model/changed',
    `The ${what} in ${folder} is not the one that was imported.`,
    'Restore the files, or import the folder again as a new model.',
  );
}
