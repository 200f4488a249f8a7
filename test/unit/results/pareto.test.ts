import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dominates, paretoFront } from '../../../core/results/pareto.ts';

/** Few values, so that ties in one measure and in both are common. */
const measure = fc.integer({ min: -3, max: 3 });
const points = fc.array(fc.record({ forgetting: measure, gain: measure }), { maxLength: 12 });

describe('the Pareto front', () => {
  it('of known rows', () => {
    const rows = [
      { forgetting: 0, gain: 0 },
      { forgetting: 0.49, gain: 0.73 },
      { forgetting: 0.05, gain: 0.62 },
      { forgetting: 0.05, gain: 0.5 },
      { forgetting: 0.6, gain: 0.7 },
    ];
    expect(paretoFront(rows)).toEqual([true, true, true, false, false]);
    expect(paretoFront([])).toEqual([]);
  });

  it('marks no row that another dominates, and each other row is dominated by a marked one', () => {
    fc.assert(
      fc.property(points, (rows) => {
        const front = paretoFront(rows);
        for (const [index, row] of rows.entries()) {
          const dominating = rows.filter((other) => dominates(other, row));
          expect(front[index]).toBe(dominating.length === 0);
          if (front[index] === false) {
            expect(rows.some((other, i) => front[i] === true && dominates(other, row))).toBe(true);
          }
        }
      }),
    );
  });

  it('marks equal rows alike, and at least one of any', () => {
    fc.assert(
      fc.property(points, (rows) => {
        const front = paretoFront(rows);
        expect(paretoFront([...rows, ...rows])).toEqual([...front, ...front]);
        if (rows.length > 0) expect(front).toContain(true);
      }),
    );
  });

  it('does not hang on the order of rows', () => {
    fc.assert(
      fc.property(points, (rows) => {
        expect(paretoFront(rows.toReversed())).toEqual(paretoFront(rows).toReversed());
      }),
    );
  });

  it('follows an order that is strict', () => {
    fc.assert(
      fc.property(points, points, ([a], [b]) => {
        fc.pre(a !== undefined && b !== undefined);
        expect(dominates(a, a)).toBe(false);
        expect(dominates(a, b) && dominates(b, a)).toBe(false);
      }),
    );
  });
});
