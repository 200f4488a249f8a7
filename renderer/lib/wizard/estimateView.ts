/** What the review says of an estimate, in words and numbers. */
import './withoutEval.ts';
import { settingsText } from '../../../core/results/names.ts';
import { sharedTitle } from '../../../core/workbench/estimateWords.ts';
import type { ProjectFile } from '../../../core/workbench/projectFile.ts';
import type { Estimate, Span, StrategyEstimate } from '../../../core/workbench/schemas/estimate.ts';
import { roughly } from '../../../core/workbench/spans.ts';
import { variantsOf } from '../../../core/workbench/strategyEntries.ts';
import { formatBytes, formatCount, formatCounted, formatDuration, formatPace } from '../format.ts';

/** Of work whose runs are all done, so that it was not measured. */
const UNKNOWN = '–';

export interface EstimateRow {
  readonly strategy: string;
  readonly settings: string;
  /** "3", "3 + 2". */
  readonly runs: string;
  /** Undefined until they are known; empty where there is nothing to say. */
  readonly step: string | undefined;
  readonly run: string | undefined;
  readonly all: string | undefined;
  readonly range: string | undefined;
}

/** The rows that there will be, before anything is known but the project: so that nothing jumps. */
export function expectedRows({ strategies, seeds }: ProjectFile): EstimateRow[] {
  return strategies.map(variantsOf).flatMap((variants): EstimateRow[] => {
    const [first] = variants;
    if (first === undefined) return [];
    const isSwept = variants.length > 1;
    const runs = {
      results: first.strategy === 'ndt' ? 1 : seeds.length,
      choosing: isSwept ? variants.length : 0,
    };
    const settings = isSwept ? `${variants.length} values of λ` : settingsText(first.parts);
    const none = { step: undefined, run: undefined, all: undefined, range: undefined };
    return [{ strategy: first.strategy, settings, runs: runsText(runs), ...none }];
  });
}

export function estimateRows({ strategies }: Estimate): EstimateRow[] {
  return strategies.map(({ strategy, settings, runs, seconds, ...each }) => ({
    strategy,
    settings,
    runs: runsText(runs),
    step: stepText(each),
    run: each.secondsPerRun === null ? UNKNOWN : durationText(each.secondsPerRun.expected),
    all: durationText(seconds.expected),
    range: rangeText(seconds),
  }));
}

/** Empty for the base model, which takes no steps. */
function stepText({
  secondsPerStep,
  secondsPerRun,
}: Pick<StrategyEstimate, 'secondsPerStep' | 'secondsPerRun'>): string {
  if (secondsPerStep !== null) return formatPace(secondsPerStep.expected);
  return secondsPerRun === null ? UNKNOWN : '';
}

function runsText({ results, choosing }: { results: number; choosing: number }): string {
  return choosing === 0
    ? formatCount(results)
    : `${formatCount(results)} + ${formatCount(choosing)}`;
}

/** What is done once for all runs, as one row. */
export function sharedSpan({ shared }: Estimate): Span {
  const total = (bound: keyof Span): number =>
    shared.reduce((sum, { seconds }) => sum + seconds[bound], 0);
  return { expected: total('expected'), low: total('low'), high: total('high') };
}

/** "tokens of notes (8 s), scores of the base model (18 s); the rest is there already". */
export function sharedText({ shared }: Estimate): string {
  const open = shared.filter(({ isThere }) => !isThere);
  if (open.length === 0) return 'everything is there already';
  const listed = open
    .map((work) => `${sharedTitle(work)} (${durationText(work.seconds.expected)})`)
    .join(', ');
  return open.length === shared.length ? listed : `${listed}; the rest is there already`;
}

/** "2 h 10 min, 1 h 50 min to 2 h 40 min". */
export function timeText(span: Span): string {
  return `${durationText(span.expected)}, ${rangeText(span)}`;
}

export function rangeText({ low, high }: Span): string {
  return `${durationText(low)} to ${durationText(high)}`;
}

export function durationText(seconds: number): string {
  return formatDuration(roughly(seconds));
}

export function memoryText({ memory: { peak, available } }: Estimate): string {
  return `${formatBytes(peak.low)} to ${formatBytes(peak.high)} for a run; ${formatBytes(available)} available`;
}

export function diskText({ disk: { most, left, free } }: Estimate): string {
  return `${formatBytes(most)} at most, ${formatBytes(left)} afterwards; ${formatBytes(free)} free`;
}

/** "36 steps in 52 s on ONNX Runtime 1.30.0, CPU, 2 threads; 1,935 tokens a second". */
export function probeText({ probe, device, tokensPerSecond }: Estimate): string {
  const pace = tokensPerSecond === null ? '' : `; ${formatCount(tokensPerSecond)} tokens a second`;
  return `${formatCounted(probe.steps, 'step')} in ${durationText(probe.seconds)} on ${device}${pace}`;
}
