/** What is wrong with a project file, said in its own words: the key, what is allowed, what was meant. */
import type { z } from 'zod';
import { describeAllowed, keysOf, listed, nodeAt, schemaNode } from '../base/describeSchema.ts';
import type { SchemaNode } from '../base/describeSchema.ts';
import { nearest } from '../base/nearest.ts';
import { projectFileSchema, strategyEntrySchema } from './projectFile.ts';
import type { EntryFault } from './projectFile.ts';
import { meaningOf } from './strategyEntries.ts';

export interface Problem {
  readonly kind: 'unknown-key' | 'missing-key' | 'wrong-value';
  readonly path: readonly PropertyKey[];
  /** A clause without a full stop: `training has the unknown key "lr"`. */
  readonly what: string;
  /** One sentence: what to do. */
  readonly hint: string;
  /** What the value may be, for a wrong or missing one: "a whole number above 0". */
  readonly allowed?: string;
}

/** Names that other tools use for our keys; the key is named with its section. */
const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    model: 'base_model',
    model_name: 'base_model',
    model_name_or_path: 'base_model',
    base: 'base_model',
    target: 'target_corpus',
    train_file: 'target_corpus',
    dataset: 'target_corpus',
    source: 'source_corpus',
    strategy: 'strategies',
    seed: 'seeds',
    settings: 'training',
    training_args: 'training',
    evaluations: 'evaluation',
    device: 'engine',
    num_threads: 'threads',
    lr: 'training.learning_rate',
    batch_size: 'training.per_device_train_batch_size',
    train_batch_size: 'training.per_device_train_batch_size',
    per_gpu_train_batch_size: 'training.per_device_train_batch_size',
    steps: 'training.max_steps',
    num_steps: 'training.max_steps',
    max_train_steps: 'training.max_steps',
    epochs: 'training.num_train_epochs',
    num_epochs: 'training.num_train_epochs',
    accumulation_steps: 'training.gradient_accumulation_steps',
    grad_accumulation: 'training.gradient_accumulation_steps',
    max_length: 'training.max_seq_length',
    seq_length: 'training.max_seq_length',
    sequence_length: 'training.max_seq_length',
    block_size: 'training.max_seq_length',
    mlm_prob: 'training.mlm_probability',
    masking_probability: 'training.mlm_probability',
    wwm: 'training.whole_word_mask',
    scheduler: 'training.lr_scheduler_type',
    lr_scheduler: 'training.lr_scheduler_type',
    warmup: 'training.warmup_steps',
    num_warmup_steps: 'training.warmup_steps',
    wd: 'training.weight_decay',
    beta1: 'training.adam_beta1',
    beta2: 'training.adam_beta2',
    eps: 'training.adam_epsilon',
    epsilon: 'training.adam_epsilon',
    grad_clip: 'training.max_grad_norm',
    gradient_clipping: 'training.max_grad_norm',
    clip_grad_norm: 'training.max_grad_norm',
    log_every: 'training.logging_steps',
    eval_every: 'training.eval_steps',
    save_every: 'training.save_steps',
    buffer_size: 'rehearsal.size',
    fisher_samples: 'fisher.sequences',
    mask_prob: 'evaluation.mask_probability',
    eval_tokens: 'evaluation.max_tokens',
  }),
);

/** What to write for a key that every project file needs. */
const MEANINGS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    name: 'what the project is called',
    base_model: 'the name of an imported model',
    target_corpus: 'the name of an imported corpus, the domain to adapt to',
    source_corpus:
      'the name of an imported corpus of general text, on which forgetting is measured and from ' +
      'which rh, ewc and gem draw',
  }),
);

/**
 * Every problem of `value`; `issues` are what zod found. Unknown keys come first and missing ones
 * last, because a misspelt key is both and the spelling is what to correct.
 */
export function findProblems(value: unknown, issues: readonly z.core.$ZodIssue[]): Problem[] {
  const found = issues.flatMap((issue) => problemsOf(value, rootNode(), issue, []));
  // What a section lacks may be what was misspelt in it.
  const misspelt = new Set(
    found
      .filter(({ kind }) => kind === 'unknown-key')
      .map(({ path }) => pathText(path.slice(0, -1))),
  );
  const problems = found.filter(
    ({ kind, path }) => kind !== 'wrong-value' || !misspelt.has(pathText(path)),
  );
  problems.push(...duplicateSeeds(value), ...duplicateStrategies(value));
  const order = ['unknown-key', 'wrong-value', 'missing-key'];
  return problems.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

let root: SchemaNode | undefined;

function rootNode(): SchemaNode {
  root ??= schemaNode(projectFileSchema);
  return root;
}

function problemsOf(
  value: unknown,
  root: SchemaNode,
  issue: z.core.$ZodIssue,
  prefix: readonly PropertyKey[],
): Problem[] {
  const path = [...prefix, ...issue.path];
  const given = valueAt(value, path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(root, path, key));
  }
  if (issue.code === 'custom') {
    const { what, hint } = issue.params as unknown as EntryFault;
    return [{ kind: 'wrong-value', path, what: `${pathText(path)} ${what}`, hint }];
  }
  if (issue.code === 'invalid_union' && typeof given === 'object' && given !== null) {
    // The branch that takes an object or a list found what is wrong inside it.
    const inside = issue.errors.find((errors) => !errors.some((one) => isTypeFault(one)));
    if (inside) return inside.flatMap((one) => problemsOf(value, root, one, path));
  }
  const node = nodeAt(root, path) ?? {};
  const name = pathText(path);
  if (path.length === 0) {
    return [
      {
        kind: 'wrong-value',
        path,
        what: 'there are no keys and values',
        hint: `It needs at least name, base_model, target_corpus and source_corpus.`,
      },
    ];
  }
  if (given === undefined) {
    const what = `the key ${name} is missing`;
    const allowed = describeAllowed(node);
    const meant = MEANINGS.get(name) ?? allowed;
    return [{ kind: 'missing-key', path, what, hint: `Add ${name}: ${meant}.`, allowed }];
  }
  return [
    {
      kind: 'wrong-value',
      path,
      what: `${name} is ${shown(given)} but must be ${describeAllowed(node)}`,
      hint: wrongValueHint(node, given),
      allowed: describeAllowed(node),
    },
  ];
}

function isTypeFault(issue: z.core.$ZodIssue): boolean {
  const codes = ['invalid_type', 'invalid_value'];
  return codes.includes(issue.code) && issue.path.length === 0;
}

function unknownKey(root: SchemaNode, path: readonly PropertyKey[], key: string): Problem {
  const allowed = keysOf(nodeAt(root, path));
  const section = path.length === 0 ? '' : `${pathText(path)} has `;
  const what =
    section === '' ? `the key "${key}" is unknown` : `${section}the unknown key "${key}"`;
  const meant = meantKey(root, path, key, allowed);
  const hint =
    meant === undefined
      ? `The keys ${path.length === 0 ? 'of a project file' : `of ${pathText(path)}`} are ${listed(allowed, 'and')}.`
      : `Did you mean ${meant}?`;
  return { kind: 'unknown-key', path: [...path, key], what, hint };
}

/** The key that was meant, with a word on where it belongs when it stands in the wrong section. */
function meantKey(
  root: SchemaNode,
  path: readonly PropertyKey[],
  key: string,
  allowed: readonly string[],
): string | undefined {
  const here = pathText(path);
  const place = (section: string, name: string): string => {
    if (section === here) return `"${name}"`;
    return section === '' ? `"${name}" at the top level` : `"${name}" under "${section}"`;
  };
  if (path[0] === 'strategies' && (key === 'ndt' || key === 'sdt')) {
    return `${key} as a name of its own, without settings`;
  }
  const alias = ALIASES.get(key.toLowerCase().replaceAll('-', '_'));
  if (alias !== undefined) {
    const dot = alias.indexOf('.');
    return place(alias.slice(0, Math.max(dot, 0)), alias.slice(dot + 1));
  }
  const sections: [section: string, keys: readonly string[]][] = [
    [here, allowed],
    ['', keysOf(root)],
    ['training', keysOf(nodeAt(root, ['training']))],
    ...['evaluation', 'selection', 'rehearsal', 'fisher'].map(
      (section): [string, readonly string[]] => [section, keysOf(nodeAt(root, [section]))],
    ),
  ];
  // A key that is right elsewhere is likelier than one that is nearly right here.
  const exact = sections.find(([, keys]) => keys.includes(key));
  if (exact) return place(exact[0], key);
  for (const [section, keys] of sections) {
    const near = nearest(key, keys);
    if (near !== undefined) return place(section, near);
  }
  return undefined;
}

function wrongValueHint(node: SchemaNode, given: unknown): string {
  const words = [node, ...(node.anyOf ?? [])].flatMap((branch) => branch.enum ?? []);
  const near = typeof given === 'string' ? nearest(given, words) : undefined;
  if (near !== undefined) return `Did you mean "${near}"?`;
  if (given === null) {
    return node.type === 'object'
      ? 'Give its keys, or write {} for the default of each.'
      : 'Give the value, or leave the key out for its default.';
  }
  if (typeof given === 'number' && !Number.isFinite(given)) return 'Give a finite number.';
  return 'Correct the value.';
}

function duplicateSeeds(value: unknown): Problem[] {
  return repeatsIn(listAt(value, ['seeds']), (seed) => seed).map(({ index, item }) => ({
    kind: 'wrong-value',
    path: ['seeds', index],
    what: `seeds names ${shown(item)} twice`,
    hint: 'Name each once.',
  }));
}

/** Strategies that mean the same, however they are written, and values that a list has twice. */
function duplicateStrategies(value: unknown): Problem[] {
  const entries = listAt(value, ['strategies']);
  const repeated = repeatsIn(entries, meaningOrSelf).map(({ index, item, first }): Problem => {
    const isSameWord = item === entries[first];
    return {
      kind: 'wrong-value',
      path: ['strategies', index],
      what: isSameWord
        ? `strategies names ${shown(item)} twice`
        : `strategies[${index + 1}] means the same as strategies[${first + 1}]`,
      hint: 'Name each once.',
    };
  });
  const values = entries.flatMap((entry, index) =>
    (isObject(entry) ? Object.keys(entry) : []).flatMap((part) => {
      const path = ['strategies', index, part, 'lambda'];
      return repeatsIn(listAt(value, path), (lambda) => lambda).map((repeat): Problem => ({
        kind: 'wrong-value',
        path: [...path, repeat.index],
        what: `${pathText(path)} names ${shown(repeat.item)} twice`,
        hint: 'Name each value once.',
      }));
    }),
  );
  return [...repeated, ...values];
}

function meaningOrSelf(entry: unknown): unknown {
  const parsed = strategyEntrySchema.safeParse(entry);
  return parsed.success ? meaningOf(parsed.data) : entry;
}

function listAt(value: unknown, path: readonly PropertyKey[]): unknown[] {
  const list = valueAt(value, path);
  return Array.isArray(list) ? list : [];
}

/** Items whose key an earlier item has. */
function repeatsIn(
  items: readonly unknown[],
  keyOf: (item: unknown) => unknown,
): { index: number; item: unknown; first: number }[] {
  const firsts = new Map<unknown, number>();
  return items.flatMap((item, index) => {
    const key = keyOf(item);
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, index);
    return first === undefined ? [] : [{ index, item, first }];
  });
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return current;
}

/** `training.learning_rate`, `seeds[2]` (counted from 1 as people do). */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key + 1}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

function shown(value: unknown): string {
  if (value === null) return 'empty';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
