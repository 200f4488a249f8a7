import { UserError } from '../base/errors.ts';
import { ndt } from './ndt.ts';
import { sdt } from './sdt.ts';
import type { Strategy } from './types.ts';

const STRATEGIES: ReadonlyMap<string, Strategy> = new Map(
  [ndt, sdt].map((strategy) => [strategy.name, strategy]),
);

export function strategyNames(): string[] {
  return [...STRATEGIES.keys()];
}

/** Throws `strategy/unknown` for a name that is not in the list. */
export function strategyNamed(name: string): Strategy {
  const strategy = STRATEGIES.get(name);
  if (strategy !== undefined) return strategy;
  throw new UserError(
    'strategy/unknown',
    `There is no strategy "${name}".`,
    `Choose one of: ${strategyNames().join(', ')}.`,
  );
}
