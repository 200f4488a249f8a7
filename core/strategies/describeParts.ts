/** Settings of a strategy as people read them. */
import { PART_NAMES } from './parts.ts';
import type { PartName, StrategyParts } from './parts.ts';

/** λ of each part that has one, in the order of the strategy's name. */
export function strengths(parts: StrategyParts): { part: PartName; lambda: number }[] {
  return PART_NAMES.flatMap((part) => {
    const settings = parts[part];
    return settings !== undefined && 'lambda' in settings
      ? [{ part, lambda: settings.lambda }]
      : [];
  });
}

/**
 * "λ 100"; with the part's name where the strategy has several parts: "rh λ 1, ewc λ 10"; empty where
 * there is no λ.
 */
export function describeStrengths(parts: StrategyParts): string {
  const isOnePart = PART_NAMES.filter((name) => parts[name] !== undefined).length === 1;
  return strengths(parts)
    .map(({ part, lambda }) => (isOnePart ? `λ ${lambda}` : `${part} λ ${lambda}`))
    .join(', ');
}
