/** What a person has typed into the wizard so far, right or not, and how it becomes a project file. */
import './withoutEval.ts';
import { z } from 'zod';
import type { ProjectFile } from '../../../core/workbench/projectFile.ts';
import { PART_NAMES } from '../../../core/strategies/parts.ts';
import type { PartName } from '../../../core/strategies/parts.ts';
import { PART_SETTINGS, SETTINGS, valueAt, valueText } from './settings.ts';
import type { Setting } from './settings.ts';

export const STEPS = ['model', 'target', 'source', 'strategies', 'settings', 'review'] as const;
export type Step = (typeof STEPS)[number];

/** Settings as typed, by their names; an empty text stands for the default. */
const typed = z.record(z.string(), z.string());

const strategyDraftSchema = z.object({
  /** Tells entries apart while they are edited; not in the file. */
  id: z.string(),
  /** NDT has no parts; without parts any other entry is SDT. */
  isBase: z.boolean(),
  parts: z.partialRecord(z.enum(PART_NAMES as [PartName, ...PartName[]]), typed),
});
export type StrategyDraft = z.infer<typeof strategyDraftSchema>;

/** Kept between visits; another version is another key in the storage. */
export const draftSchema = z.object({
  step: z.enum(STEPS),
  /** The furthest step that was reached: what is missing up to there is told. */
  reached: z.int().min(0).max(STEPS.length),
  name: z.string(),
  baseModel: z.string(),
  targetCorpus: z.string(),
  source: z.object({
    evaluation: z.string(),
    /** Whether each use has a corpus of its own. */
    isApart: z.boolean(),
    rehearsal: z.string(),
    fisher: z.string(),
  }),
  strategies: z.array(strategyDraftSchema),
  seeds: z.string(),
  guard: z.object({
    isOn: z.boolean(),
    maxForgetting: z.string(),
    action: z.enum(['stop', 'rollback']),
  }),
  /** By the path in the project file: `training.learning_rate`. */
  settings: typed,
});
export type Draft = z.infer<typeof draftSchema>;

let lastId = 0;
export function strategyDraft(isBase: boolean, parts: StrategyDraft['parts'] = {}): StrategyDraft {
  lastId += 1;
  return { id: `s${lastId}-${Math.random().toString(36).slice(2, 8)}`, isBase, parts };
}

export function emptyDraft(): Draft {
  return {
    step: 'model',
    reached: 0,
    name: '',
    baseModel: '',
    targetCorpus: '',
    source: { evaluation: '', isApart: false, rehearsal: '', fisher: '' },
    strategies: [strategyDraft(true), strategyDraft(false)],
    seeds: '1',
    guard: { isOn: false, maxForgetting: '', action: 'stop' },
    settings: {},
  };
}

/** What a person has chosen and typed, wherever they are in the wizard: equal texts, equal content. */
export function draftContent({ step: _, reached: __, ...chosen }: Draft): string {
  return JSON.stringify(chosen);
}

/** Whether a person would lose anything with this draft. */
export function isUntouched(draft: Draft): boolean {
  const { strategies, ...chosen } = draft;
  const settings = Object.entries(chosen.settings).filter(([, text]) => text.trim() !== '');
  const rest = { ...chosen, settings: Object.fromEntries(settings) };
  const { strategies: _, ...empty } = emptyDraft();
  return (
    JSON.stringify({ ...rest, step: 'model', reached: 0 }) === JSON.stringify(empty) &&
    strategies.length === 2 &&
    strategies.every(({ isBase, parts }, at) => isBase === (at === 0) && isEmpty(parts))
  );
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

/**
 * The project file that a draft means: only what differs from the defaults, in the order of the
 * schema. What was typed wrongly stays as it is, for the schema to say what is wrong with it.
 */
export function projectInput(draft: Draft, suggestedName = ''): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  put(input, 'name', draft.name.trim() || suggestedName);
  put(input, 'base_model', draft.baseModel.trim());
  put(input, 'target_corpus', draft.targetCorpus.trim());
  const source = sourceInput(draft.source);
  if (source !== undefined) input['source_corpus'] = source;
  input['strategies'] = draft.strategies.map(strategyInput);
  input['seeds'] = numbersOf(draft.seeds);
  for (const setting of SETTINGS) {
    const value = settingValue(setting, draft.settings[setting.path]);
    if (value !== undefined) putAt(input, setting.keys, value);
    if (setting.path === LAST_TRAINING && draft.guard.isOn) {
      putAt(input, ['training', 'forgetting_guard'], guardInput(draft.guard));
    }
  }
  return input;
}

const LAST_TRAINING = SETTINGS.findLast(({ keys }) => keys[0] === 'training')?.path;

function sourceInput({ evaluation, isApart, rehearsal, fisher }: Draft['source']): unknown {
  if (!isApart) return evaluation.trim() || undefined;
  const input: Record<string, unknown> = {};
  put(input, 'evaluation', evaluation.trim());
  put(input, 'rehearsal', rehearsal.trim());
  put(input, 'fisher', fisher.trim());
  return input;
}

function strategyInput({ isBase, parts }: StrategyDraft): unknown {
  if (isBase) return 'ndt';
  const names = PART_NAMES.filter((name) => parts[name] !== undefined);
  if (names.length === 0) return 'sdt';
  const input = Object.fromEntries(names.map((name) => [name, partInput(name, parts[name] ?? {})]));
  const [only] = names;
  return names.length === 1 && only !== undefined && isEmpty(input[only] ?? {}) ? only : input;
}

function partInput(name: PartName, given: Readonly<Record<string, string>>): object {
  const input: Record<string, unknown> = {};
  for (const setting of PART_SETTINGS[name]) {
    const text = given[setting.path] ?? '';
    const value = setting.path === 'lambda' ? strengthOf(text) : settingValue(setting, text);
    if (value !== undefined && value !== setting.standard) input[setting.path] = value;
  }
  return input;
}

function guardInput({ maxForgetting, action }: Draft['guard']): object {
  const bound = maxForgetting.trim();
  return {
    ...(bound === '' ? {} : { max_forgetting: numberOf(bound) }),
    ...(action === 'stop' ? {} : { action }),
  };
}

/** "10 100, 1000" → several values; one value alone; undefined for none. */
function strengthOf(text: string): unknown {
  const values = numbersOf(text);
  return values.length < 2 ? values[0] : values;
}

/** Numbers parted by spaces, commas or semicolons; what is none stays a text. */
function numbersOf(text: string): (number | string)[] {
  return text
    .split(/[\s,;]+/)
    .filter((word) => word !== '')
    .map(numberOf);
}

function numberOf(text: string): number | string {
  const value = Number(text.replace('−', '-'));
  return text.trim() === '' || !Number.isFinite(value) ? text : value;
}

/** Undefined for the default. */
function settingValue({ kind, standard }: Setting, text: string | undefined): unknown {
  const word = text?.trim() ?? '';
  if (word === '') return undefined;
  let value: unknown = word;
  if (kind === 'number') value = numberOf(word);
  if (kind === 'boolean' && (word === 'true' || word === 'false')) value = word === 'true';
  return value === standard ? undefined : value;
}

function put(target: Record<string, unknown>, key: string, value: string): void {
  if (value !== '') target[key] = value;
}

function putAt(target: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  const [key = '', ...rest] = keys;
  if (rest.length === 0) target[key] = value;
  else putAt((target[key] ??= {}) as Record<string, unknown>, rest, value);
}

/** The draft that says the same as a project file, at its last step. */
export function draftOf(project: ProjectFile): Draft {
  const { source_corpus: source, training } = project;
  const guard = training.forgetting_guard;
  const uses = typeof source === 'string' ? { evaluation: source } : source;
  const settings: Record<string, string> = {};
  for (const { path, keys, standard } of SETTINGS) {
    const value = valueAt(project, keys);
    if (value !== undefined && value !== standard) settings[path] = valueText(value);
  }
  return {
    ...emptyDraft(),
    step: 'review',
    reached: STEPS.length,
    name: project.name,
    baseModel: project.base_model,
    targetCorpus: project.target_corpus,
    source: {
      evaluation: uses.evaluation,
      isApart: typeof source !== 'string',
      rehearsal: ('rehearsal' in uses ? uses.rehearsal : undefined) ?? '',
      fisher: ('fisher' in uses ? uses.fisher : undefined) ?? '',
    },
    strategies: project.strategies.map((entry) => {
      if (entry === 'ndt' || entry === 'sdt') return strategyDraft(entry === 'ndt');
      if (typeof entry === 'string') return strategyDraft(false, { [entry]: {} });
      return strategyDraft(false, partsDraft(entry));
    }),
    seeds: project.seeds.join(' '),
    guard: {
      isOn: guard !== undefined,
      maxForgetting: guard === undefined ? '' : valueText(guard.max_forgetting),
      action: guard?.action ?? 'stop',
    },
    settings,
  };
}

function partsDraft(entry: Readonly<Record<string, unknown>>): StrategyDraft['parts'] {
  const parts: StrategyDraft['parts'] = {};
  for (const name of PART_NAMES) {
    if (entry[name] === undefined) continue;
    const given: Record<string, string> = {};
    for (const { path, standard } of PART_SETTINGS[name]) {
      const value = valueAt(entry[name], [path]);
      if (value === undefined || value === standard) continue;
      given[path] = (Array.isArray(value) ? value : [value]).map(valueText).join(' ');
    }
    parts[name] = given;
  }
  return parts;
}
