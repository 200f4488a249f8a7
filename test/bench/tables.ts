/** The benchmark's results as Markdown tables. */
import type { PackingResult } from './packing.ts';
import type { ScreensResult } from './screens.ts';
import type { StrategyResult, StrategiesResult } from './strategies.ts';
import { CONTENDERS } from './training.ts';
import type { ContenderResult, TrainingResult } from './training.ts';

const NAMES = {
  ours: 'Palimpsest',
  sparse: 'PyTorch, SDPA, sparse head',
  run_mlm: 'transformers, as run_mlm',
} as const;

export function trainingTable(results: readonly TrainingResult[]): string {
  const rows = results.flatMap((result) =>
    CONTENDERS.flatMap((name) => {
      const contender = result.contenders[name];
      return contender === undefined ? [] : [cells(result, NAMES[name], contender)];
    }),
  );
  const heading = [
    ...['model, batch', 'implementation', 'ms a step', 'ours is faster by', 'tokens/s'],
    ...['outside ONNX Runtime', 'GFLOP/s', 'of sgemm peak', 'AdamW ns/parameter', 'peak memory'],
  ];
  const descriptions = Object.values(results[0].contenders).map(({ description }) => description);
  return `${table(heading, rows)}\n${descriptions.join('\n')}\n`;
}

function cells(result: TrainingResult, name: string, contender: ContenderResult): string[] {
  const { ours } = result.contenders;
  const ratio = ours === undefined ? 1 : contender.secondsPerStep / ours.secondsPerStep;
  const { outsideGraph, gigaflops } = contender;
  return [
    `${result.model}, ${result.batch} × ${result.sequence}`,
    name,
    (1000 * contender.secondsPerStep).toFixed(0),
    contender === ours ? '' : `${ratio.toFixed(2)} ×`,
    contender.tokensPerSecond.toFixed(0),
    outsideGraph === null ? '' : percent(outsideGraph),
    gigaflops.toFixed(0),
    `${percent(gigaflops / result.sgemmGigaflops)} of ${result.sgemmGigaflops.toFixed(0)}`,
    contender.adamWNanoseconds.toFixed(2),
    `${(contender.peakBytes / 1e9).toFixed(2)} GB`,
  ];
}

export function strategyTable(results: readonly StrategiesResult[]): string {
  const heading = [
    ...['model, batch', 'strategy', 'ms a step', 'of the step of SDT', 'quartiles'],
    ...['outside ONNX Runtime', 'peak memory', 'beside SDT', 'resident after', 'beside SDT'],
  ];
  const rows = results.flatMap((result) =>
    result.strategies.map((strategy) => strategyCells(result, strategy)),
  );
  return table(heading, rows);
}

function strategyCells({ strategies, ...result }: StrategiesResult, own: StrategyResult): string[] {
  const [sdt] = strategies;
  const beside = (bytes: number, ofSdt: number): string =>
    own === sdt ? '' : `${((bytes - ofSdt) / 1e6).toFixed(0)} MB`;
  return [
    `${result.model}, ${result.batch} × ${result.sequence}`,
    own.label,
    (1000 * own.secondsPerStep).toFixed(0),
    own.ratio.median.toFixed(3),
    `${own.ratio.lower.toFixed(3)} … ${own.ratio.upper.toFixed(3)}`,
    percent(own.outsideGraph),
    `${(own.peakBytes / 1e9).toFixed(2)} GB`,
    beside(own.peakBytes, sdt.peakBytes),
    `${(own.residentBytes / 1e9).toFixed(2)} GB`,
    beside(own.residentBytes, sdt.residentBytes),
  ];
}

export function packingTable({ documents, megabytes, ours, python }: PackingResult): string {
  const rows = [
    ['Palimpsest, shards on disk', ours] as const,
    ['Python tokenizers', python] as const,
  ]
    .flatMap(([name, rate]) => (rate === null ? [] : [{ name, rate }]))
    .map(({ name, rate }) => [
      name,
      rate.megabytesPerSecond.toFixed(2),
      rate.tokensPerSecond.toFixed(0),
      rate.tokens.toFixed(0),
    ]);
  const caption = `Packing of ${documents} documents, ${megabytes.toFixed(1)} MB, on one core:\n\n`;
  return caption + table(['implementation', 'MB/s', 'tokens/s', 'tokens'], rows);
}

export function screensTable({
  browser,
  runs,
  points,
  curvePoints,
  measures,
}: ScreensResult): string {
  const rows = measures.map(({ name, unit, target, samples, ...found }) => [
    `${name}, ${unit}`,
    ...[found.median, found.p90, found.best].map((value) => value.toFixed(1)),
    target === null ? '' : `${target}`,
    target === null ? '' : found.median <= target ? 'met' : 'missed',
    String(samples.length),
  ]);
  const heading = ['what', 'median', '90th percentile', 'best', 'asked: at most', '', 'samples'];
  const history = `${runs} runs, ${points} metric points, curves of ${curvePoints} points and more`;
  return `Chromium ${browser}, software rendering; ${history}:\n\n${table(heading, rows)}`;
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return line(heading) + line(heading.map(() => '---')) + rows.map(line).join('');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
