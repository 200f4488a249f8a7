/** Finding a command or a name from a few of its letters. */

export interface FuzzyMatch {
  /** Greater is better. */
  readonly score: number;
  /** Indices of the letters found, to be shown. */
  readonly letters: readonly number[];
}

/**
 * Whether the letters of `query` occur in `text` in their order, and how well: a letter counts one,
 * right after the last one three, at the start of a word two more. Undefined for no match.
 */
export function fuzzyMatch(query: string, text: string): FuzzyMatch | undefined {
  const wanted = query.toLowerCase().replace(/\s+/g, '');
  if (wanted === '') return { score: 0, letters: [] };
  const lower = text.toLowerCase();
  // A run of the whole query beats letters that are scattered.
  const whole = lower.indexOf(query.toLowerCase().trim());
  if (whole >= 0) {
    const length = query.trim().length;
    const letters = Array.from({ length }, (_, index) => whole + index);
    const start = isWordStart(text, whole) ? 4 : 0;
    return { score: 3 * length + start - whole / 100 - text.length / 1000, letters };
  }
  const letters: number[] = [];
  let score = 0;
  let from = 0;
  for (const letter of wanted) {
    const at = lower.indexOf(letter, from);
    if (at < 0) return undefined;
    score += at === (letters.at(-1) ?? -2) + 1 ? 3 : 1;
    if (isWordStart(text, at)) score += 2;
    letters.push(at);
    from = at + 1;
  }
  return { score: score - text.length / 100, letters };
}

function isWordStart(text: string, index: number): boolean {
  return index === 0 || /[\s/_.:-]/.test(text.charAt(index - 1));
}
