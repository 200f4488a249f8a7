/** How a strategy with its settings is called in tables and pictures, and where it stands there. */
import { strengths } from '../strategies/describeParts.ts';
import { PART_NAMES, strategyPartsSchema } from '../strategies/parts.ts';
import type { PartName, StrategyParts } from '../strategies/parts.ts';

/** The paper's order; what it does not have comes after it. */
const ORDER: readonly string[] = ['ndt', 'sdt', 'rh', 'l2', 'ewc', 'gem'];

/** "ewc", or "ewc α 0.3" for a point between the base model and a finished run. */
export function rowName(strategy: string, alpha: number | null): string {
  return alpha === null ? strategy : `${strategy} α ${alpha}`;
}

/** As people write it: "RH+EWC", "SDT α 0.3". */
export function strategyTitle(name: string): string {
  return name.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/** Title and settings as one: "EWC λ 100". */
export function fullTitle(name: string, settings: string): string {
  return settings === '' ? strategyTitle(name) : `${strategyTitle(name)} ${settings}`;
}

/** "ewc λ 100" → "EWC λ 100". */
export function labelTitle(label: string): string {
  const [name, ...settings] = label.split(' ');
  return fullTitle(name, settings.join(' '));
}

/**
 * What distinguishes strategies of one name: λ, and every other setting of a part that is not its
 * default. "λ 100", "λ 1, ratio 0.5", "rh λ 1, ewc λ 10"; empty for nothing.
 */
export function settingsText(parts: StrategyParts): string {
  const isOnePart = PART_NAMES.filter((name) => parts[name] !== undefined).length === 1;
  const described = PART_NAMES.flatMap((name) => {
    const items = partSettings(name, parts);
    if (items.length === 0) return [];
    return isOnePart ? items : [[name, ...items].join(' ')];
  });
  return described.join(', ');
}

function partSettings(name: PartName, parts: StrategyParts): string[] {
  const part = parts[name];
  if (part === undefined) return [];
  const defaults: Readonly<Record<string, unknown>> =
    strategyPartsSchema.parse({ [name]: {} })[name] ?? {};
  return Object.entries(part).flatMap(([key, value]) => {
    if (key === 'lambda') return [`λ ${value}`];
    // The decay is to layer rates what λ is to the others.
    return value === defaults[key] && key !== 'decay' ? [] : [`${key} ${value}`];
  });
}

interface Placed {
  readonly strategy: string;
  readonly parts: StrategyParts;
  readonly alpha: number | null;
}

/**
 * Order of rows: NDT, SDT, RH, L2, EWC, GEM, combinations, others, interpolated ones; one strategy
 * by rising λ.
 */
export function compareRows(a: Placed, b: Placed): number {
  return (
    Number(a.alpha !== null) - Number(b.alpha !== null) ||
    rankOf(a.strategy) - rankOf(b.strategy) ||
    (a.strategy < b.strategy ? -1 : a.strategy > b.strategy ? 1 : 0) ||
    compareStrengths(a.parts, b.parts) ||
    (a.alpha ?? 0) - (b.alpha ?? 0)
  );
}

function rankOf(strategy: string): number {
  const known = ORDER.indexOf(strategy);
  if (known !== -1) return known;
  return strategy.includes('+') ? ORDER.length : ORDER.length + 1;
}

function compareStrengths(a: StrategyParts, b: StrategyParts): number {
  const others = strengths(b);
  const differences = strengths(a).map(
    ({ lambda }, index) => lambda - (others[index]?.lambda ?? 0),
  );
  return differences.find((difference) => difference !== 0) ?? 0;
}
