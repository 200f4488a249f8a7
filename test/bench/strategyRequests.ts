/** The strategies that are benchmarked, as what they ask of a session. */
import type { LossTerm, Session, StepRequest } from '../../core/engine/types.ts';
import { randomBatch, UPDATE } from './models.ts';
import type { BenchmarkModel } from './models.ts';

export const STRATEGIES = ['sdt', 'l2', 'ewc', 'rh', 'gem', 'lwf'] as const;
export type StrategyName = (typeof STRATEGIES)[number];

export const STRATEGY_LABELS: Readonly<Record<StrategyName, string>> = {
  sdt: 'SDT',
  l2: 'L2',
  ewc: 'EWC',
  rh: 'RH, ratio 1:4',
  gem: 'GEM, ratio 1:1',
  lwf: 'distillation',
};

/** Steps of the source stream are far from those of the target's. */
const SOURCE_OFFSET = 1_000_000;

/**
 * Gives a session what the strategies need. Every run that trains holds an anchor, to tell how far
 * its weights have moved.
 */
export async function prepare(
  session: Session,
  strategies: readonly StrategyName[],
): Promise<void> {
  const weights = [...(await session.readWeights())];
  await session.setAnchor(new Map(weights));
  if (strategies.includes('l2')) {
    await session.setImportance('l2', new Map(weights.map(([name]) => [name, 1])));
  }
  if (strategies.includes('ewc')) {
    for (const [, values] of weights) {
      for (let i = 0; i < values.length; i++) values[i] = 1e-6 * (1 + ((i * 7919) % 1009));
    }
    await session.setImportance('ewc', new Map(weights));
  }
}

export function stepOf(strategy: StrategyName, model: BenchmarkModel, step: number): StepRequest {
  const target: LossTerm = { name: 'target', weight: 1, batches: [randomBatch(model, step)] };
  const source = (ratio: number): LossTerm => {
    const batch = randomBatch({ ...model, batch: model.batch * ratio }, SOURCE_OFFSET + step);
    return { name: 'source', weight: 1, batches: [batch] };
  };
  const plain = { terms: [target], dropout: { seed: 1, step }, update: UPDATE };
  switch (strategy) {
    case 'sdt':
      return plain;
    case 'l2':
      return { ...plain, penalties: [{ name: 'l2', strength: 0.01 }] };
    case 'ewc':
      return { ...plain, penalties: [{ name: 'ewc', strength: 100 }] };
    case 'rh':
      return { ...plain, terms: [target, source(0.25)] };
    case 'gem':
      return { ...plain, projection: source(1) };
    case 'lwf': {
      const distillation = { name: 'distillation', weight: 1, temperature: 1 };
      return { ...plain, terms: [{ ...target, distillation }] };
    }
  }
}
