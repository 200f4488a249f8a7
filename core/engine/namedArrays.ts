/** Arrays of a model's parameters by name. */
import type { Weights } from './types.ts';

export function found<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new RangeError(`There is no array for ${name}.`);
  return value;
}

export function copied(arrays: Weights): Weights {
  return new Map([...arrays].map(([name, array]) => [name, Float32Array.from(array)]));
}

/**
 * Throws a RangeError when a parameter is missing or has another length, before anything is written;
 * ignores names it does not know.
 */
export function copyInto(target: Weights, source: Weights): void {
  for (const [name, array] of target) checkLength(name, array, found(source, name));
  for (const [name, array] of target) array.set(found(source, name));
}

export function checkLength(name: string, own: Float32Array, given: Float32Array): void {
  if (given.length !== own.length) {
    throw new RangeError(`${name} has ${own.length} values, but ${given.length} were given.`);
  }
}
