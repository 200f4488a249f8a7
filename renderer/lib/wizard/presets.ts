/** Beginnings for the settings of training and evaluation. */

export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly line: string;
  /** By path; what is left out has the default. */
  readonly settings: Readonly<Record<string, string>>;
}

export const PRESETS: readonly Preset[] = [
  {
    id: 'defaults',
    title: 'Defaults',
    line: 'Optimizer, schedule and masking of Hugging Face’s run_mlm.py (5e-5, linear, 15 %), for one epoch in batches of 32.',
    settings: {},
  },
  {
    id: 'trial',
    title: 'Quick trial',
    line: '200 steps and small evaluation sets: to see that everything works before a long run.',
    settings: {
      'training.max_steps': '200',
      'training.warmup_steps': '20',
      'training.eval_steps': '50',
      'training.save_steps': '50',
      'evaluation.max_tokens': '20000',
    },
  },
  {
    id: 'gentle',
    title: 'Low constant rate',
    line: 'A constant 1e-5 after a warm-up: forgets less by itself, and gains more slowly.',
    settings: {
      'training.learning_rate': '1e-5',
      'training.lr_scheduler_type': 'constant_with_warmup',
      'training.warmup_ratio': '0.06',
    },
  },
  {
    id: 'small-memory',
    title: 'Small memory',
    line: 'Batches of 8, four to a step: the same training in about a quarter of the memory for activations.',
    settings: {
      'training.per_device_train_batch_size': '8',
      'training.gradient_accumulation_steps': '4',
    },
  },
];

/** Settings that the presets decide; the others stay as a person set them. */
const DECIDED = new Set(PRESETS.flatMap(({ settings }) => Object.keys(settings)));

export function withPreset(
  settings: Readonly<Record<string, string>>,
  preset: Preset,
): Record<string, string> {
  const kept = Object.entries(settings).filter(([path]) => !DECIDED.has(path));
  return { ...Object.fromEntries(kept), ...preset.settings };
}

/** The preset that the settings are exactly; undefined for a person's own. */
export function presetOf(settings: Readonly<Record<string, string>>): Preset | undefined {
  const key = (given: Readonly<Record<string, string>>): string =>
    JSON.stringify(
      Object.entries(given)
        .filter(([path, text]) => DECIDED.has(path) && text.trim() !== '')
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  return PRESETS.find((preset) => key(preset.settings) === key(settings));
}
