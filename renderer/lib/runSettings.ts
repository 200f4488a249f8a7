/** A run's configuration as people read it: what differs from the defaults, and the rest. */
import { formatExponent, formatHash } from './format.ts';

/** Of core/training/configuration.ts; a test holds them equal. Settings that are not here have none. */
export const TRAINING_DEFAULTS: Readonly<Record<string, unknown>> = {
  learning_rate: 5e-5,
  num_train_epochs: 1,
  per_device_train_batch_size: 32,
  gradient_accumulation_steps: 1,
  max_seq_length: 128,
  mlm_probability: 0.15,
  whole_word_mask: false,
  packing: 'document',
  lr_scheduler_type: 'linear',
  warmup_steps: 0,
  warmup_ratio: 0,
  weight_decay: 0,
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  max_grad_norm: 1,
  logging_steps: 10,
  eval_steps: 500,
  save_steps: 500,
  save_minutes: 10,
  save_total_limit: 1,
};

/** Of core/training/rehearsalSettings.ts and core/strategies/fisherSettings.ts. */
export const SOURCE_DEFAULTS: Readonly<Record<string, unknown>> = {
  'rehearsal.size': 10_000,
  'rehearsal.policy': 'uniform',
  'fisher.sequences': 1000,
  'fisher.variant': 'per_sequence',
  'fisher.batch_size': 16,
  'fisher.seed': 0,
};

export interface Setting {
  /** As in a project file: "learning_rate", "ewc.lambda". */
  readonly key: string;
  readonly value: string;
  /** The default, where there is one and the value is another. */
  readonly usual: string | undefined;
}

export interface RunSettings {
  /** Of the strategy's parts, and everything that is not as it would be by itself. */
  readonly chosen: readonly Setting[];
  readonly usual: readonly Setting[];
  /** What was read: names and hashes of content. */
  readonly inputs: readonly Setting[];
}

/** Reads a run specification as `runs/show` gives it; what it does not know is left out. */
export function runSettings(configuration: unknown): RunSettings {
  const training = flat(at(configuration, 'settings'));
  const parts = flat(at(configuration, 'parts'));
  const source = Object.fromEntries([
    ...Object.entries(flat(at(configuration, 'rehearsal', 'buffer'), 'rehearsal')),
    ...Object.entries(flat(at(configuration, 'fisher', 'settings'), 'fisher')),
  ]);
  const chosen: Setting[] = Object.entries(parts).map(([key, value]) => setting(key, value));
  const usual: Setting[] = [];
  const sort = (values: Record<string, unknown>, defaults: Readonly<Record<string, unknown>>) => {
    for (const [key, value] of Object.entries(values)) {
      // Given steps take precedence, so the epochs say nothing.
      if (key === 'num_train_epochs' && training['max_steps'] !== undefined) continue;
      if (value === defaults[key]) usual.push(setting(key, value));
      else chosen.push(setting(key, value, defaults[key]));
    }
  };
  sort(training, TRAINING_DEFAULTS);
  sort(source, SOURCE_DEFAULTS);
  const engine = at(configuration, 'engine');
  const threads = at(configuration, 'threads');
  if (typeof engine === 'string') sort({ engine }, { engine: 'auto' });
  if (typeof threads === 'number') chosen.push(setting('threads', threads));
  return { chosen, usual, inputs: inputsOf(configuration) };
}

function inputsOf(configuration: unknown): Setting[] {
  const hashes: [string, unknown][] = [
    ['base model', at(configuration, 'modelHash')],
    ['tokenizer', at(configuration, 'tokenizerHash')],
    ['target corpus', at(configuration, 'target', 'contentHash')],
    ['rehearsal corpus', at(configuration, 'rehearsal', 'contentHash')],
    ['Fisher corpus', at(configuration, 'fisher', 'corpusHash')],
  ];
  const sets = at(configuration, 'evaluations');
  for (const set of Array.isArray(sets) ? (sets as unknown[]) : []) {
    const [role, split] = [at(set, 'role'), at(set, 'split')];
    if (typeof role !== 'string' || typeof split !== 'string') continue;
    hashes.push([`frozen set, ${role} ${split}`, at(set, 'sha256')]);
  }
  return hashes.flatMap(([key, hash]) =>
    typeof hash === 'string' ? [{ key, value: formatHash(hash), usual: undefined }] : [],
  );
}

/** The steps or epochs that were asked for: "2,000 steps", "3 epochs". */
export function plannedEpochs(configuration: unknown): number | undefined {
  if (typeof at(configuration, 'settings', 'max_steps') === 'number') return undefined;
  const epochs = at(configuration, 'settings', 'num_train_epochs');
  return typeof epochs === 'number' ? epochs : undefined;
}

function setting(key: string, value: unknown, usual?: unknown): Setting {
  return { key, value: words(value), usual: usual === undefined ? undefined : words(usual) };
}

function words(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') {
    const isSmall = value !== 0 && Math.abs(value) < 1e-3;
    return isSmall ? formatExponent(value) : String(value);
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}

/** `{ewc: {lambda: 1}}` → `{'ewc.lambda': 1}`; a part without settings is itself "on". */
function flat(value: unknown, path = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return path === '' || value === undefined ? {} : { [path]: value };
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return path === '' ? {} : { [path]: 'on' };
  return Object.fromEntries(
    entries.flatMap(([key, entry]: [string, unknown]) =>
      Object.entries(flat(entry, path === '' ? key : `${path}.${key}`)),
    ),
  );
}
