/** Whether two project files are one study: what may change while a project goes on, and what may not. */
import { hashJson } from '../base/files.ts';
import type { ProjectFile } from './projectFile.ts';

/** More strategies, seeds or values of λ add runs to a study; anything else would make its rows unlike. */
const MAY_CHANGE: readonly string[] = ['strategies', 'seeds', 'selection'];

export interface StudyDifference {
  /** With its sections: `training.learning_rate`. */
  readonly key: string;
  /** Undefined where the file does not have the key. */
  readonly there: unknown;
  readonly here: unknown;
}

/** Keys in which two files differ so that they are two studies; none when one continues the other. */
export function studyDifferences(there: ProjectFile, here: ProjectFile): StudyDifference[] {
  return differences('', there, here).filter(({ key }) => !MAY_CHANGE.includes(rootOf(key)));
}

/** "training.learning_rate is 5e-5 there and 1e-4 here" */
export function describeDifference({ key, there, here }: StudyDifference): string {
  return `${key} is ${shown(there)} there and ${shown(here)} here`;
}

function differences(prefix: string, there: unknown, here: unknown): StudyDifference[] {
  if (isSection(there) && isSection(here)) {
    const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])];
    const path = (key: string): string => (prefix === '' ? key : `${prefix}.${key}`);
    return keys.flatMap((key) => differences(path(key), there[key], here[key]));
  }
  const isEqual = there === here || hashJson(there ?? null) === hashJson(here ?? null);
  return isEqual ? [] : [{ key: prefix, there, here }];
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function rootOf(key: string): string {
  return key.split('.', 1)[0] ?? key;
}

function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  if (typeof value !== 'number') return JSON.stringify(value);
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}
