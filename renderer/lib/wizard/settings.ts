/** The settings of a project file as the schema has them: names, kinds and defaults, with a line on each. */
import './withoutEval.ts';
import { nodeAt, schemaNode } from '../../../core/base/describeSchema.ts';
import type { SchemaNode } from '../../../core/base/describeSchema.ts';
import { PART_NAMES, strategyPartsSchema } from '../../../core/strategies/parts.ts';
import type { PartName } from '../../../core/strategies/parts.ts';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';
import { HELP, PART_HELP } from './settingHelp.ts';
import type { SettingHelp } from './settingHelp.ts';

export interface Setting extends SettingHelp {
  /** In the project file: `training.learning_rate`; of a part its own name. */
  readonly path: string;
  readonly keys: readonly string[];
  readonly kind: 'number' | 'boolean' | 'choice';
  readonly options: readonly string[];
  /** The default; undefined when leaving it out is not the same as any value. */
  readonly standard: unknown;
}

const DEFAULTS = projectFileSchema.parse({
  name: 'n',
  base_model: 'm',
  target_corpus: 't',
  source_corpus: 's',
});
const ROOT = schemaNode(projectFileSchema);
const SECTIONS = ['training', 'selection', 'rehearsal', 'fisher', 'evaluation'] as const;

/** In the order of the schema. */
export const SETTINGS: readonly Setting[] = [
  ...SECTIONS.flatMap((section) =>
    Object.entries(nodeAt(ROOT, [section])?.properties ?? {})
      .filter(([, node]) => node.type !== 'object')
      .map(([name, node]) => settingOf([section, name], node, DEFAULTS, HELP)),
  ),
  ...['engine', 'threads'].map((name) =>
    settingOf([name], nodeAt(ROOT, [name]) ?? {}, DEFAULTS, HELP),
  ),
];

const PART_DEFAULTS = strategyPartsSchema.parse(
  Object.fromEntries(PART_NAMES.map((name) => [name, {}])),
);

export const PART_SETTINGS = Object.fromEntries(
  PART_NAMES.map((part) => [
    part,
    Object.entries(nodeAt(schemaNode(strategyPartsSchema), [part])?.properties ?? {}).map(
      ([name, node]) => settingOf([name], node, PART_DEFAULTS[part], PART_HELP[part]),
    ),
  ]),
) as unknown as Readonly<Record<PartName, readonly Setting[]>>;

export function settingAt(path: string): Setting {
  const found = SETTINGS.find((setting) => setting.path === path);
  if (found === undefined) throw new Error(`there is no setting ${path}`);
  return found;
}

function settingOf(
  keys: readonly string[],
  node: SchemaNode,
  defaults: unknown,
  help: Readonly<Record<string, SettingHelp>>,
): Setting {
  const path = keys.join('.');
  const isNumber = node.type === 'number' || node.type === 'integer';
  return {
    path,
    keys,
    kind: isNumber ? 'number' : node.type === 'boolean' ? 'boolean' : 'choice',
    options: node.enum ?? (node.type === 'boolean' ? ['false', 'true'] : []),
    standard: valueAt(defaults, keys),
    ...(help[path] ?? { line: '' }),
  };
}

export function valueAt(value: unknown, keys: readonly string[]): unknown {
  let current = value;
  for (const key of keys) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

/** 0.00005 as "5e-5", which can be typed as well. */
export function valueText(value: unknown): string {
  if (typeof value !== 'number') return String(value);
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential().replace(/\.0+e/, 'e');
  return String(value);
}
