/** The configurations of several runs beside each other, flat, as project files name the settings. */
import { comparableSettings } from '../../core/workbench/comparableSettings.ts';
import type { RunSpecification } from '../../core/training/configuration.ts';
import type { RunsDiff } from '../../core/workbench/results.ts';
import { NO_VALUE, formatCount, formatHash } from './format.ts';

export interface SettingRow {
  readonly key: string;
  /** One for each group; null where it has none. */
  readonly values: readonly unknown[];
  readonly differs: boolean;
}

/**
 * All settings: those that differ as the service says, then the others, which are the same for all.
 * `configuration` is of any one of the runs.
 */
export function allSettings(
  diff: Pick<RunsDiff, 'configuration' | 'groups'>,
  configuration: unknown,
): SettingRow[] {
  const differing = differingSettings(diff);
  const known = new Set(differing.map(({ key }) => key));
  const same = Object.entries(flatSettings(configuration))
    .filter(([key]) => !known.has(key))
    .map(([key, value]) => ({ key, values: diff.groups.map(() => value), differs: false }));
  return [...differing, ...same];
}

export function differingSettings({
  configuration,
}: Pick<RunsDiff, 'configuration'>): SettingRow[] {
  return configuration.map(({ key, values }) => ({ key, values, differs: true }));
}

/** The host has checked what it stores; a configuration of another form has no settings to show. */
function flatSettings(configuration: unknown): Record<string, unknown> {
  if (typeof configuration !== 'object' || configuration === null) return {};
  if (!('settings' in configuration) || !('evaluations' in configuration)) return {};
  return comparableSettings(configuration as RunSpecification);
}

/** 64 hexadecimal digits are shortened: whole they tell a reader nothing more. */
export function settingText(value: unknown): string {
  if (value === null || value === undefined) return NO_VALUE;
  if (typeof value === 'number') {
    return Number.isInteger(value) && Math.abs(value) >= 10_000
      ? formatCount(value)
      : String(value);
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return /^[0-9a-f]{40,}$/.test(value) ? formatHash(value) : value;
  if (Array.isArray(value)) return value.map(settingText).join(', ');
  return JSON.stringify(value);
}
