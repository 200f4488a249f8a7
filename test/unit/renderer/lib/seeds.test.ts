import { expect, test } from 'vitest';
import { nextSeeds, readSeeds } from '../../../../renderer/lib/seeds.ts';

test('seeds are read as people part them, each once', () => {
  expect(readSeeds(' 4, 5;7 5 ', [1, 2])).toEqual({ seeds: [4, 5, 7], problem: undefined });
  expect(readSeeds('0', [1]).problem).toBeUndefined();
});

test.each([
  ['', 'Give at least one seed.'],
  ['4-6', '“4-6” is not a whole number from 0 on.'],
  ['-1', '“-1” is not a whole number from 0 on.'],
  ['1e3', '“1e3” is not a whole number from 0 on.'],
  ['9007199254740992', '“9007199254740992” is not a whole number from 0 on.'],
  ['4 2', 'Seed 2 is in the project already.'],
  ['1, 2, 3', 'Seeds 1, 2 are in the project already.'],
])('%j is refused in words', (text, problem) => {
  expect(readSeeds(text, [1, 2]).problem).toBe(problem);
});

test('the next free ones are suggested', () => {
  expect(nextSeeds([1, 2, 3], 2)).toBe('4, 5');
  expect(nextSeeds([7, 1], 1)).toBe('8');
  expect(nextSeeds([], 2)).toBe('1, 2');
});
