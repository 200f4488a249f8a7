import { describe, expect, test } from 'vitest';
import { parseFilter, quoted, withTerm } from '../../../../renderer/lib/filter.ts';
import type { FilterField } from '../../../../renderer/lib/filter.ts';

interface Row {
  readonly name: string;
  readonly strategy: readonly string[];
  readonly seed: number;
  readonly target: number | null;
  readonly created: string;
  readonly took: number;
}

const fields: readonly FilterField<Row>[] = [
  { name: 'name', kind: 'text', value: (row) => row.name },
  { name: 'strategy', kind: 'word', value: (row) => row.strategy },
  { name: 'seed', kind: 'number', value: (row) => row.seed },
  { name: 'target', aliases: ['target_nll'], kind: 'number', value: (row) => row.target },
  { name: 'created', kind: 'date', value: (row) => row.created },
  { name: 'took', kind: 'duration', value: (row) => row.took },
];

const rows: readonly Row[] = [
  row('night run', ['ewc'], 1, 3.4, '2026-11-02T10:00:00', 3600),
  row('Pilot A', ['rh', 'ewc', 'rh+ewc'], 2, 3.6, '2026-11-03T23:59:59', 60),
  row('pilot B', ['sdt'], 3, null, '2026-12-01T00:00:00', 90),
];

function row(
  name: string,
  strategy: readonly string[],
  seed: number,
  target: number | null,
  local: string,
  took: number,
): Row {
  return { name, strategy, seed, target, created: new Date(local).toISOString(), took };
}

const matching = (text: string): number[] =>
  rows.filter(parseFilter(text, fields).matches).map(({ seed }) => seed);
const problems = (text: string): string[] =>
  parseFilter(text, fields).problems.map(({ message }) => message);

describe('terms', () => {
  test.each<[string, number[]]>([
    ['', [1, 2, 3]],
    ['   ', [1, 2, 3]],
    ['pilot', [2, 3]],
    ['PILOT a', [2]],
    ['"night run"', [1]],
    ['-pilot', [1]],
    ['strategy:ewc', [1, 2]],
    ['strategy:e', [1, 2]],
    ['strategy=e', []],
    ['strategy:sdt,rh', [2, 3]],
    ['-strategy:sdt,rh', [1]],
    ['strategy!=ewc', [3]],
    ['strategy:rh+ewc', [2]],
    ['seed:1', [1]],
    ['seed=1,3', [1, 3]],
    ['seed:2..9', [2, 3]],
    ['seed!=2', [1, 3]],
    ['target<3.5', [1]],
    ['target>=3.4', [1, 2]],
    ['TARGET_NLL<=3.4', [1]],
    ['strategy:ewc seed:1 target<3.5', [1]],
    ['created:2026-11-03', [2]],
    ['created:2026-11', [1, 2]],
    ['created>2026-11', [3]],
    ['created>=2026-11-03', [2, 3]],
    ['created<2026-11-03', [1]],
    ['created:2026-11-02..2026-11-03', [1, 2]],
    ['took>1min', [1, 3]],
    ['took<=90s', [2, 3]],
    ['took=1h', [1]],
    ['name:"night r"', [1]],
    ['name:night,b', [1, 3]],
  ])('%s', (text, expected) => {
    expect(problems(text)).toEqual([]);
    expect(matching(text)).toEqual(expected);
  });

  test('a row without the value matches no comparison, and every negated one', () => {
    expect(matching('target<100')).toEqual([1, 2]);
    expect(matching('-target<100')).toEqual([3]);
  });

  test('an open quote reaches to the end', () => {
    expect(matching('"pilot a')).toEqual([2]);
  });
});

describe('problems', () => {
  test('are named with their place and leave the other terms in force', () => {
    const filter = parseFilter('strategy:ewc sead:1', fields);
    expect(filter.problems).toEqual([
      {
        start: 13,
        end: 19,
        message: expect.stringContaining('There is no field "sead"') as string,
      },
    ]);
    expect(rows.filter(filter.matches).map(({ seed }) => seed)).toEqual([1, 2]);
    expect(filter.isEmpty).toBe(false);
  });

  test.each([
    ['seed:', 'A value is missing after "seed:".'],
    ['seed:one', '"one" is no number such as 3.5, 20k or 1..5.'],
    ['seed:1..2..3', '"1..2..3" is no number such as 3.5, 20k or 1..5.'],
    ['took<5parsec', '"5parsec" is no duration such as 90s, 15min or 2h.'],
    ['created:2026-13-01', '"2026-13-01" is no date such as 2026-11-23.'],
    ['name<x', '"name" is text: use name:x.'],
    ['-', 'A word is missing after the minus.'],
  ])('%s', (text, message) => {
    expect(problems(text)).toEqual([message]);
  });
});

test('hostile text ends and throws nothing', () => {
  for (const text of ['"'.repeat(5000), ':::::', '<>=!', 'a'.repeat(20_000), '--x', '""', 'a:""']) {
    expect(() => parseFilter(text, fields)).not.toThrow();
  }
});

test('terms are added and replaced', () => {
  expect(withTerm('pilot state:failed', 'state', 'state:running')).toBe('pilot state:running');
  expect(withTerm('', 'seed', 'seed:1')).toBe('seed:1');
  expect(withTerm('name:"a b" seed:2', 'seed', '')).toBe('name:"a b"');
  expect(quoted('a b')).toBe('"a b"');
  expect(quoted('plain')).toBe('plain');
  expect(matching(`name:${quoted('night run')}`)).toEqual([1]);
});
