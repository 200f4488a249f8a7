import { fullTitle, rowName, settingsText } from '../../results/names.ts';
import type { RunSummary } from '../../workbench/contract.ts';

type Titled = Pick<RunSummary, 'strategy' | 'parts' | 'purpose' | 'alpha' | 'seed'>;

/**
 * What a run trains: "SDT", "EWC λ 100", "EWC λ 10, to choose λ" for a run that only does that, and
 * "EWC α 0.3 λ 100" for a point between the base model and a finished run.
 */
export function strategyOf({ strategy, parts, purpose, alpha }: Omit<Titled, 'seed'>): string {
  const title = fullTitle(rowName(strategy, alpha), settingsText(parts));
  return purpose === 'sweep' ? `${title}, to choose λ` : title;
}

/** "EWC λ 100 seed 1", "EWC λ 10 seed 1, to choose λ" */
export function runTitle({ purpose, seed, ...run }: Titled): string {
  const title = `${strategyOf({ ...run, purpose: 'result' })} seed ${seed}`;
  return purpose === 'sweep' ? `${title}, to choose λ` : title;
}
