import { hashJson } from '../base/files.ts';
import type { Selection, Variant } from './strategyEntries.ts';

/** Names what is chosen among: another value, another length, seed or weight is another choice. */
export function choiceKey(variants: readonly Variant[], selection: Selection): string {
  return hashJson({ variants, ...selection });
}
