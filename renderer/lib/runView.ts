/** What tables and headings say of a run. */
import type { RunSummary } from '../../core/workbench/contract.ts';
import { strategyLook } from './strategies.ts';

/** "EWC λ 100, seed 1": the run within its project. */
export function runTitle(run: Pick<RunSummary, 'strategy' | 'parts' | 'seed'>): string {
  const settings = partSettings(run.parts);
  const strategy = strategyLook(run.strategy).label;
  return `${strategy}${settings === '' ? '' : ` ${settings}`}, seed ${run.seed}`;
}

/** λ of each part that has one: "λ 100", "rh λ 1, ewc λ 10"; empty for none. */
export function partSettings(parts: RunSummary['parts']): string {
  const named = Object.entries(parts).flatMap(([name, settings]) =>
    settings !== undefined && 'lambda' in settings ? [{ name, lambda: settings.lambda }] : [],
  );
  const single = named.length === 1 && Object.keys(parts).length === 1;
  return named.map(({ name, lambda }) => `${single ? '' : `${name} `}λ ${lambda}`).join(', ');
}

/** Words that a filter finds a strategy by: its parts, and all of it. */
export function strategyWords(strategy: string): string[] {
  const [parts = ''] = strategy.split(' ');
  return [...new Set([...parts.split('+'), parts])];
}

/** Steps done over all steps, 0 to 1; null where the number of steps is not known (yet). */
export function progressOf({
  state,
  step,
  totalSteps,
}: Pick<RunSummary, 'state' | 'step' | 'totalSteps'>): number | null {
  if (state === 'completed') return 1;
  if (totalSteps === null || totalSteps <= 0) return null;
  return Math.min(1, step / totalSteps);
}

/** Seconds from the first start to the end, or to `now` while it has none; null before the start. */
export function secondsTaken(
  { startedAt, endedAt }: Pick<RunSummary, 'startedAt' | 'endedAt'>,
  now: number,
): number | null {
  if (startedAt === null) return null;
  const end = endedAt === null ? now : Date.parse(endedAt);
  return Math.max(0, (end - Date.parse(startedAt)) / 1000);
}
