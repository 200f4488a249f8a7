import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DisjointSets,
  KEY_BYTES,
  KeyTable,
  NumberList,
  PagedRecords,
} from '../../../core/text/compactTables.ts';

describe('KeyTable', () => {
  it('numbers keys as a Map does, also when all fall into the same slot', () => {
    const key = fc.tuple(fc.constantFrom(0, 1024, 2048), fc.nat(2000));
    fc.assert(
      fc.property(fc.array(key, { maxLength: 3000, size: 'max' }), (keys) => {
        const table = new KeyTable();
        const known = new Map<string, number>();
        const found: { index: number; added: boolean }[] = [];
        const expected: { index: number; added: boolean }[] = [];
        for (const [first, second] of keys) {
          const bytes = Buffer.alloc(KEY_BYTES);
          bytes.writeUInt32LE(first, 0);
          bytes.writeUInt32LE(second, 12);
          const name = bytes.toString('hex');
          found.push(table.findOrAdd(bytes));
          expected.push({ index: known.get(name) ?? known.size, added: !known.has(name) });
          if (!known.has(name)) known.set(name, known.size);
        }
        expect(found).toEqual(expected);
        const names = [...known.keys()].map((_, index) => table.key(index).toString('hex'));
        expect(names).toEqual([...known.keys()]);
      }),
      { numRuns: 5 },
    );
  });
});

describe('PagedRecords and NumberList', () => {
  it('keep what was written over many pages', () => {
    const records = new PagedRecords(8);
    const numbers = new NumberList();
    for (let index = 0; index < 10_000; index++) {
      records.append().writeUInt32LE(index * 3, 4);
      numbers.push(index * 5);
    }
    expect(records.count).toBe(10_000);
    for (let index = 0; index < 10_000; index += 7) {
      expect(records.record(index).readUInt32LE(4)).toBe(index * 3);
      expect(records.page(index).readUInt32LE(records.offsetInPage(index))).toBe(0);
      expect(numbers.at(index)).toBe(index * 5);
    }
  });
});

describe('DisjointSets', () => {
  it('has as root of each set its smallest member, as merging labels has', () => {
    const pair = fc.tuple(fc.nat(29), fc.nat(29));
    fc.assert(
      fc.property(fc.array(pair), (pairs) => {
        const sets = new DisjointSets(30);
        let labels = Array.from({ length: 30 }, (_, index) => index);
        for (const [a, b] of pairs) {
          sets.unite(a, b);
          const [low, high] = [labels[a], labels[b]].sort((x, y) => x - y);
          labels = labels.map((label) => (label === high ? low : label));
        }
        expect(labels.map((_, index) => sets.root(index))).toEqual(labels);
      }),
    );
  });
});
