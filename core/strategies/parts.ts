/** A strategy by name and parts: what a run's configuration holds, and the objective it means. */
import { z } from 'zod';
import { addEwc, ewcSchema } from './ewc.ts';
import { addGem, gemSchema } from './gem.ts';
import { addL2, l2Schema } from './l2.ts';
import { addLayerRates, lrcSchema } from './lrc.ts';
import { addDistillation, lwfSchema } from './lwf.ts';
import { NDT } from './ndt.ts';
import { addRehearsal, rhSchema } from './rh.ts';
import { SDT } from './sdt.ts';
import type { Need, Objective } from './types.ts';

/**
 * Parts that are added to simple domain tuning, with their settings; none is SDT itself. GEM and RH
 * both spend the source batch of a step, so they do not go together.
 */
export const strategyPartsSchema = z.strictObject({
  rh: rhSchema.optional(),
  l2: l2Schema.optional(),
  ewc: ewcSchema.optional(),
  gem: gemSchema.optional(),
  lwf: lwfSchema.optional(),
  lrc: lrcSchema.optional(),
});
export type StrategyParts = z.infer<typeof strategyPartsSchema>;
export type PartName = keyof StrategyParts;

export const PART_NAMES = Object.keys(strategyPartsSchema.shape) as readonly PartName[];

/** Strategies that are a name alone: without parts, or with the default settings of one. */
export const STRATEGY_NAMES = ['ndt', 'sdt', ...PART_NAMES] as const;

/** `ndt`, `sdt`, or the parts in a fixed order: `rh+ewc`. */
export function strategyLabel(parts: StrategyParts): string {
  const named = PART_NAMES.filter((name) => parts[name] !== undefined);
  return named.length === 0 ? 'sdt' : named.join('+');
}

/** The objective of a strategy: `ndt`, or simple domain tuning with the parts added. */
export function objectiveOf(strategy: string, parts: StrategyParts): Objective {
  if (strategy === 'ndt') return NDT;
  let objective = SDT;
  if (parts.rh) objective = addRehearsal(objective, parts.rh);
  if (parts.l2) objective = addL2(objective, parts.l2);
  if (parts.ewc) objective = addEwc(objective, parts.ewc);
  if (parts.gem) objective = addGem(objective, parts.gem);
  if (parts.lwf) objective = addDistillation(objective, parts.lwf);
  if (parts.lrc) objective = addLayerRates(objective, parts.lrc);
  return objective;
}

/** What a run with this objective reads beside the target corpus. */
export function needsOf(objective: Objective): readonly Need[] {
  const needs: Need[] = [];
  if (objective.sourceRatio !== null) needs.push('rehearsal corpus');
  if (objective.penalties.some(({ importance }) => importance === 'fisher')) {
    needs.push('Fisher diagonal');
  }
  return needs;
}
