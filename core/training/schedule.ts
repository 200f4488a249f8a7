import type { TrainingSettings } from './configuration.ts';

export type ScheduleSettings = Pick<
  TrainingSettings,
  'learning_rate' | 'lr_scheduler_type' | 'warmup_steps' | 'warmup_ratio'
>;

/** `warmup_steps` when given, else the share `warmup_ratio` of all steps, rounded up. */
export function warmupSteps(settings: ScheduleSettings, totalSteps: number): number {
  if (settings.warmup_steps > 0) return settings.warmup_steps;
  return Math.ceil(totalSteps * settings.warmup_ratio);
}

/**
 * The learning rate of optimizer step `step` (0 is the first), equal to the
 * `get_*_schedule` functions of Hugging Face transformers: during warm-up it rises from 0 at step 0,
 * `linear` falls to 0 at `totalSteps`, `cosine` follows half a cosine to 0, and `constant` ignores
 * the warm-up.
 */
export function learningRateAt(
  settings: ScheduleSettings,
  step: number,
  totalSteps: number,
): number {
  return settings.learning_rate * factorAt(settings, step, totalSteps);
}

function factorAt(settings: ScheduleSettings, step: number, totalSteps: number): number {
  const kind = settings.lr_scheduler_type;
  if (kind === 'constant') return 1;
  const warmup = warmupSteps(settings, totalSteps);
  if (step < warmup) return step / warmup;
  const remaining = Math.max(1, totalSteps - warmup);
  switch (kind) {
    case 'constant_with_warmup':
      return 1;
    case 'linear':
      return Math.max(0, (totalSteps - step) / remaining);
    case 'cosine':
      return Math.max(0, 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / remaining)));
  }
}
