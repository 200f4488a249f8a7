/** The front of runs that no other run beats: less forgotten and more gained. */

export interface Trade {
  /** Forgetting: less is better. */
  readonly x: number;
  /** Gain: more is better. */
  readonly y: number;
}

/**
 * The points that no other point betters in one and equals or betters in the other, from the least x
 * to the greatest; of equal points one. Drawn as a staircase, since what lies between two of them has
 * not been reached.
 */
export function paretoFront<Item extends Trade>(items: readonly Item[]): Item[] {
  const ordered = items
    .filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))
    .toSorted((a, b) => a.x - b.x || b.y - a.y);
  const front: Item[] = [];
  for (const item of ordered) {
    const last = front.at(-1);
    if (last === undefined || item.y > last.y) front.push(item);
  }
  return front;
}

/** Corners of the staircase through the front: at each x, the gain that was reached with at most it. */
export function paretoStairs(front: readonly Trade[]): Trade[] {
  return front.flatMap(({ x, y }, index) => {
    const before = front[index - 1];
    return before === undefined
      ? [{ x, y }]
      : [
          { x, y: before.y },
          { x, y },
        ];
  });
}
