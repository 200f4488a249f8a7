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
