/** The name a person probably meant. */

/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = last[column - 1] + (a[row - 1] === b[column - 1] ? 0 : 1);
      let edits = Math.min(replaced, last[column] + 1, current[column - 1] + 1);
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && swapped) edits = Math.min(edits, beforeLast[column - 2] + 1);
      current.push(edits);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length];
}

/**
 * The candidate closest to `word`, letter case, hyphens and underscores aside; undefined when none
 * shares at least 60 % of its letters with it.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_\s]/g, '');
  const wanted = plain(word);
  let best: string | undefined;
  let fewest = Infinity;
  for (const candidate of candidates) {
    const given = plain(candidate);
    const edits = editDistance(wanted, given);
    if (edits < fewest && edits <= 0.4 * Math.max(wanted.length, given.length)) {
      best = candidate;
      fewest = edits;
    }
  }
  return best;
}
