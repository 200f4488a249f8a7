/**
 * Steps of strategies relative to those of simple domain tuning: in turns on one session in one
 * process, so that whatever else the machine does meets all of them alike; and the memory of each, in a
 * process of its own.
 */
import { join } from 'node:path';
import { Contender } from './contender.ts';
import { SEQUENCE } from './models.ts';
import type { BenchmarkModel } from './models.ts';
import { STRATEGIES, STRATEGY_LABELS } from './strategyRequests.ts';
import type { StrategyName } from './strategyRequests.ts';
import { median, quantile } from './training.ts';

export interface StrategyResult {
  readonly strategy: StrategyName;
  readonly label: string;
  readonly secondsPerStep: number;
  /** Of the median step of a turn to SDT's in the same turn: median and quartiles over the turns. */
  readonly ratio: { readonly median: number; readonly lower: number; readonly upper: number };
  readonly outsideGraph: number;
  readonly peakBytes: number;
  readonly residentBytes: number;
  /** Median of every turn. */
  readonly turns: readonly number[];
}

export interface StrategiesResult {
  readonly model: string;
  readonly batch: number;
  readonly sequence: number;
  readonly threads: number;
  /** SDT first. */
  readonly strategies: readonly StrategyResult[];
}

export interface StrategiesOptions {
  readonly threads: number;
  readonly turns: number;
  readonly report: (line: string) => void;
}

const WARM_UP_STEPS = 2;
const MEMORY_STEPS = 3;

export async function measureStrategies(
  model: BenchmarkModel,
  options: StrategiesOptions,
): Promise<StrategiesResult> {
  const times = await measureTimes(model, options);
  const strategies: StrategyResult[] = [];
  for (const strategy of STRATEGIES) {
    options.report(`${model.name}: memory of ${strategy}`);
    const memory = await measureMemory(model, strategy, options.threads);
    const own = times[strategy];
    const ratios = own.turns.map((seconds, turn) => seconds / times.sdt.turns[turn]);
    strategies.push({
      strategy,
      label: STRATEGY_LABELS[strategy],
      secondsPerStep: median(own.turns),
      ratio: {
        median: median(ratios),
        lower: quantile(ratios, 0.25),
        upper: quantile(ratios, 0.75),
      },
      outsideGraph: median(own.outside),
      ...memory,
      turns: own.turns,
    });
  }
  const { name, batch } = model;
  return { model: name, batch, sequence: SEQUENCE, threads: options.threads, strategies };
}

interface Times {
  /** Median seconds of a step in each turn. */
  readonly turns: number[];
  /** Of every step, the share outside the graph. */
  readonly outside: number[];
}

async function measureTimes(
  model: BenchmarkModel,
  { threads, turns, report }: StrategiesOptions,
): Promise<Readonly<Record<StrategyName, Times>>> {
  const times = Object.fromEntries(
    STRATEGIES.map((strategy) => [strategy, { turns: [], outside: [] }]),
  ) as unknown as Record<StrategyName, Times>;
  const contender = start(model, threads, STRATEGIES);
  try {
    for (const strategy of STRATEGIES) {
      report(`${model.name}: ${strategy} warms up`);
      await contender.ask({ do: 'steps', count: WARM_UP_STEPS, strategy });
    }
    for (let turn = 0; turn < turns; turn++) {
      for (const strategy of STRATEGIES) {
        const count = model.stepsPerTurn;
        const { seconds, graphSeconds = [] } = await contender.ask({
          do: 'steps',
          count,
          strategy,
        });
        times[strategy].turns.push(median(seconds));
        times[strategy].outside.push(...seconds.map((each, i) => 1 - graphSeconds[i] / each));
      }
      const line = STRATEGIES.map((strategy) => {
        const milliseconds = 1000 * (times[strategy].turns.at(-1) ?? Number.NaN);
        return `${strategy} ${milliseconds.toFixed(0)}`;
      });
      report(`${model.name}: turn ${turn + 1}/${turns}, ms: ${line.join(', ')}`);
    }
    await contender.ask({ do: 'finish' });
  } finally {
    contender.stop();
  }
  return times;
}

async function measureMemory(
  model: BenchmarkModel,
  strategy: StrategyName,
  threads: number,
): Promise<Pick<StrategyResult, 'peakBytes' | 'residentBytes'>> {
  const contender = start(model, threads, [strategy]);
  try {
    const reply = await contender.ask({ do: 'steps', count: MEMORY_STEPS, strategy });
    await contender.ask({ do: 'finish' });
    return { peakBytes: reply.peakBytes ?? 0, residentBytes: reply.residentBytes ?? 0 };
  } finally {
    contender.stop();
  }
}

function start(
  { name }: BenchmarkModel,
  threads: number,
  strategies: readonly StrategyName[],
): Contender {
  const program = join(import.meta.dirname, 'strategyContender.ts');
  return new Contender(process.execPath, [program, name, String(threads), strategies.join()]);
}
