import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bfloat16ToFloat32, elementCount, float16ToFloat32 } from '../../../core/model/tensors.ts';

test('half precision widens to the values of IEEE 754-2019, table 3.5 and its edges', () => {
  const patterns = [0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0400, 0x03ff, 0x0001, 0x7c00, 0xfc00];
  const values = float16ToFloat32(Uint16Array.from([...patterns, 0x3555, 0x7e00]));
  expect([...values]).toEqual([
    ...[0, -0, 1, -2, 65504, 2 ** -14, 2 ** -14 - 2 ** -24, 2 ** -24, Infinity, -Infinity],
    ...[0.333251953125, NaN],
  ]);
});

test('bfloat16 is the upper half of a float32', () => {
  fc.assert(
    fc.property(fc.uint16Array({ minLength: 1, maxLength: 40 }), (bits) => {
      const patterns = new Uint32Array(bfloat16ToFloat32(bits).buffer);
      expect([...patterns]).toEqual([...bits].map((half) => half * 65536));
    }),
  );
});

test('a shape too large to count has infinitely many elements', () => {
  expect(elementCount([])).toBe(1);
  expect(elementCount([3, 0, 2 ** 50])).toBe(0);
  expect(elementCount([2 ** 30, 2 ** 30])).toBe(Infinity);
});
