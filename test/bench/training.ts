/** Training steps of ours and of PyTorch, in turns, each in a process of its own. */
import { join } from 'node:path';
import { mlmParameters, parameterCount } from '../../core/model/parameters.ts';
import { Contender } from './contender.ts';
import type { ContenderReply } from './contender.ts';
import { encoderConfig, SEQUENCE, stepOperations } from './models.ts';
import type { BenchmarkModel } from './models.ts';

export const CONTENDERS = ['ours', 'sparse', 'run_mlm'] as const;
export type ContenderName = (typeof CONTENDERS)[number];

export interface ContenderResult {
  readonly description: string;
  readonly secondsPerStep: number;
  readonly tokensPerSecond: number;
  /** Share of the median step outside the graph run; only ours. */
  readonly outsideGraph: number | null;
  /** Of the products that the step needs; run_mlm computes more. */
  readonly gigaflops: number;
  readonly adamWNanoseconds: number;
  readonly sgemmGigaflops: number;
  readonly peakBytes: number;
  readonly lastLoss: number;
  readonly allSeconds: readonly number[];
}

export interface TrainingResult {
  readonly model: string;
  readonly parameters: number;
  readonly batch: number;
  readonly sequence: number;
  readonly threads: number;
  readonly contenders: Readonly<Partial<Record<ContenderName, ContenderResult>>>;
  /** The best of the contenders' products of square matrices, the machine's peak. */
  readonly sgemmGigaflops: number;
}

export interface TrainingOptions {
  readonly threads: number;
  /** How often each contender has its turn. */
  readonly turns: number;
  /** Absent: only ours is measured. */
  readonly python: string | undefined;
  readonly report: (line: string) => void;
}

const WARM_UP_STEPS = 3;
const SGEMM_SIZE = 2048;

export async function measureTraining(
  model: BenchmarkModel,
  { threads, turns, python, report }: TrainingOptions,
): Promise<TrainingResult> {
  const contenders = start(model, threads, python);
  const replies = new Map<ContenderName, Replies>();
  try {
    for (const [name, contender] of contenders) {
      report(`${model.name}: ${name} warms up`);
      await contender.ask({ do: 'steps', count: WARM_UP_STEPS });
      replies.set(name, { steps: [], optimizer: [], sgemm: [] });
    }
    for (let turn = 0; turn < turns; turn++) {
      for (const [name, contender] of contenders) {
        const { steps, optimizer, sgemm } = repliesOf(replies, name);
        const reply = await contender.ask({ do: 'steps', count: model.stepsPerTurn });
        steps.push(reply);
        sgemm.push(await contender.ask({ do: 'sgemm', size: SGEMM_SIZE, count: 3 }));
        const milliseconds = 1000 * median(reply.seconds);
        report(`${model.name}: turn ${turn + 1}/${turns}, ${name} ${milliseconds.toFixed(0)} ms`);
        if (turn === turns - 1) optimizer.push(await contender.ask({ do: 'optimizer', count: 5 }));
      }
    }
    const results: Partial<Record<ContenderName, ContenderResult>> = {};
    for (const [name, contender] of contenders) {
      const last = await contender.ask({ do: 'finish' });
      results[name] = summary(model, repliesOf(replies, name), last);
    }
    return {
      model: model.name,
      parameters: parameterCount(mlmParameters(encoderConfig(model))),
      batch: model.batch,
      sequence: SEQUENCE,
      threads,
      contenders: results,
      sgemmGigaflops: Math.max(...Object.values(results).map((result) => result.sgemmGigaflops)),
    };
  } finally {
    for (const contender of contenders.values()) contender.stop();
  }
}

interface Replies {
  readonly steps: ContenderReply[];
  readonly optimizer: ContenderReply[];
  readonly sgemm: ContenderReply[];
}

function start(
  model: BenchmarkModel,
  threads: number,
  python: string | undefined,
): Map<ContenderName, Contender> {
  const contenders = new Map<ContenderName, Contender>();
  const ours = join(import.meta.dirname, 'ours.ts');
  contenders.set('ours', new Contender(process.execPath, [ours, model.name, String(threads)]));
  if (python === undefined) return contenders;
  const sizes = [model.layers, model.hidden, model.batch, threads].map(String);
  const program = join(import.meta.dirname, 'torch_contender.py');
  for (const variant of ['sparse', 'run_mlm'] as const) {
    const environment = { OMP_NUM_THREADS: String(threads), TRANSFORMERS_VERBOSITY: 'error' };
    contenders.set(variant, new Contender(python, [program, variant, ...sizes], environment));
  }
  return contenders;
}

function summary(model: BenchmarkModel, replies: Replies, last: ContenderReply): ContenderResult {
  const seconds = replies.steps.flatMap((reply) => reply.seconds);
  const graph = replies.steps.flatMap((reply) => reply.graphSeconds ?? []);
  const secondsPerStep = median(seconds);
  const products = replies.sgemm.flatMap((reply) => reply.seconds);
  const optimizer = replies.optimizer.flatMap((reply) => reply.seconds);
  const parameters = parameterCount(mlmParameters(encoderConfig(model)));
  return {
    description: last.description ?? '',
    secondsPerStep,
    tokensPerSecond: (model.batch * SEQUENCE) / secondsPerStep,
    outsideGraph:
      graph.length === 0 ? null : median(seconds.map((second, i) => 1 - graph[i] / second)),
    gigaflops: stepOperations(model) / secondsPerStep / 1e9,
    adamWNanoseconds: (median(optimizer) / parameters) * 1e9,
    sgemmGigaflops: (2 * SGEMM_SIZE ** 3) / Math.min(...products) / 1e9,
    peakBytes: replies.steps.at(-1)?.peakBytes ?? 0,
    lastLoss: replies.steps.at(-1)?.loss ?? Number.NaN,
    allSeconds: seconds,
  };
}

function repliesOf(replies: ReadonlyMap<ContenderName, Replies>, name: ContenderName): Replies {
  const found = replies.get(name);
  if (found === undefined) throw new Error(`There is no contender ${name}.`);
  return found;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** By linear interpolation between the two nearest values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
