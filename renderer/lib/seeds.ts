/** Seeds as they are typed when a project is given more of them. */

export interface TypedSeeds {
  /** Each once, in the order typed. */
  readonly seeds: readonly number[];
  /** A sentence on what is wrong. */
  readonly problem: string | undefined;
}

/** Numbers parted by spaces, commas or semicolons that the project does not have yet. */
export function readSeeds(text: string, existing: readonly number[]): TypedSeeds {
  const words = text.split(/[\s,;]+/).filter((word) => word !== '');
  const seeds = [...new Set(words.map(Number))];
  const wrong = words.find((word) => !/^\d+$/.test(word) || !Number.isSafeInteger(Number(word)));
  const known = seeds.filter((seed) => existing.includes(seed));
  if (words.length === 0) return { seeds, problem: 'Give at least one seed.' };
  if (wrong !== undefined) return { seeds, problem: `“${wrong}” is not a whole number from 0 on.` };
  if (known.length > 0) {
    const [noun, verb] = known.length === 1 ? ['Seed', 'is'] : ['Seeds', 'are'];
    return { seeds, problem: `${noun} ${known.join(', ')} ${verb} in the project already.` };
  }
  return { seeds, problem: undefined };
}

/** The next ones after those that a project has, as they are typed: "4, 5". */
export function nextSeeds(existing: readonly number[], count: number): string {
  const first = Math.max(0, ...existing) + 1;
  return Array.from({ length: count }, (_, index) => first + index).join(', ');
}
