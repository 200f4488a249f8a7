/** What a series is called, in which unit it is shown and how: the same on every screen. */
import {
  formatBytes,
  formatCompact,
  formatExponent,
  formatNats,
  formatPercent,
  formatScalar,
} from './format.ts';

export interface SeriesLook {
  readonly label: string;
  /** Of the numbers as they are measured, by which an axis counts; '' for a number without one. */
  readonly unit: string;
  readonly format: (value: number) => string;
}

const LOSS_UNIT = 'nats a token';
const loss = (label: string): SeriesLook => ({ label, unit: LOSS_UNIT, format: formatNats });
const number = (label: string, unit: string): SeriesLook => ({ label, unit, format: formatScalar });
const percent =
  (decimals: number) =>
  (share: number): string =>
    formatPercent(share, decimals);

/** In the order in which they are offered: what tells most first. */
const LOOKS: Readonly<Record<string, SeriesLook>> = {
  'train/target_loss': loss('Target loss in training'),
  'train/source_loss': loss('Source loss in training'),
  // Of one update, added to its loss: no mean over tokens.
  'train/penalty': number('Penalty', 'nats'),
  'train/penalty_ratio': number('Penalty over task gradient', 'ratio of norms'),
  'train/projection_rate': {
    label: 'Steps projected',
    unit: 'share of steps',
    format: percent(0),
  },
  'train/projection_cosine': number('Target and source gradient', 'cosine'),
  'train/distillation_loss': number('Distillation loss', LOSS_UNIT),
  'drift/relative': {
    label: 'Distance from the base model',
    unit: 'share of its norm',
    format: percent(2),
  },
  'drift/total': number('Distance from the base model, absolute', 'L2 norm'),
  'train/gradient_norm': number('Gradient norm', 'before clipping'),
  'train/task_gradient_norm': number('Task gradient norm', 'L2 norm'),
  'train/penalty_gradient_norm': number('Penalty gradient norm', 'L2 norm'),
  'train/learning_rate': { label: 'Learning rate', unit: 'a step', format: formatExponent },
  'train/tokens_per_second': { label: 'Speed', unit: 'tokens/s', format: formatCompact },
  'train/resident_bytes': { label: 'Memory', unit: 'bytes', format: formatBytes },
};

/** Series of which there is one for each of several penalties, by what stands before the penalty's name. */
const OF_PENALTY = ['train/penalty_ratio', 'train/penalty_gradient_norm', 'train/penalty'];

/** The look of a series by its name; one that nobody has named is called by its own words. */
export function seriesLook(name: string): SeriesLook {
  const own = LOOKS[name];
  if (own !== undefined) return own;
  const depth = /^drift\/depth_(\d+)$/.exec(name)?.[1];
  if (depth !== undefined) {
    const where = depth === '0' ? 'embeddings' : `depth ${depth}`;
    return number(`Distance from the base model, ${where}`, 'L2 norm');
  }
  for (const series of OF_PENALTY) {
    const look = LOOKS[series];
    if (look !== undefined && name.startsWith(`${series}_`)) {
      return { ...look, label: `${look.label}, ${name.slice(series.length + 1).toUpperCase()}` };
    }
  }
  return number(titleOf(name), '');
}

/** A loss on a frozen set. */
export const EVALUATION_LOOK: Omit<SeriesLook, 'label'> = { unit: LOSS_UNIT, format: formatNats };

/** Those of `names` that have a look of their own, the one that tells most first. */
export function knownSeries(names: readonly string[]): string[] {
  return Object.keys(LOOKS).filter((name) => names.includes(name));
}

/** "train/unheard_of" → "Unheard of". */
function titleOf(name: string): string {
  const words = name.replace(/^train\//, '').replaceAll(/[/_]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
