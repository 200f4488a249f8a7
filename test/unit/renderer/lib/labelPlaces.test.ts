import { expect, test } from 'vitest';
import { placeLabels } from '../../../../renderer/lib/labelPlaces.ts';
import type { LabelPlace, LabelledPoint } from '../../../../renderer/lib/labelPlaces.ts';

const room = { left: 0, top: 0, right: 400, bottom: 300 };
const LINE = 13;

const apart = (one: LabelPlace, other: LabelPlace, width: number): boolean =>
  Math.abs(one.y - other.y) >= LINE || Math.abs(one.x - other.x) >= width;

test('a label alone is at the right above its point', () => {
  const [place] = placeLabels([{ x: 100, y: 100, width: 30 }], room);
  expect(place).toEqual({ x: 110, y: 92 });
});

test('labels of close points do not cover each other or another point', () => {
  const points: LabelledPoint[] = [
    { x: 100, y: 100, width: 60 },
    { x: 112, y: 96, width: 60 },
    { x: 106, y: 112, width: 60 },
  ];
  const places = placeLabels(points, room);
  for (const [index, one] of places.entries()) {
    for (const [other, two] of places.entries()) {
      if (other < index) expect(apart(one, two, 60), `${index} and ${other}`).toBe(true);
    }
    for (const [other, { x, y }] of points.entries()) {
      if (other === index) continue;
      const covers = x > one.x - 7 && x < one.x + 67 && Math.abs(y - one.y) < LINE / 2 + 7;
      expect(covers, `label ${index} over point ${other}`).toBe(false);
    }
  }
});

test('at the edge a label stays in the room', () => {
  const [place] = placeLabels([{ x: 390, y: 8, width: 50 }], room);
  expect((place?.x ?? 0) + 50).toBeLessThanOrEqual(400);
  expect(place?.y).toBeGreaterThanOrEqual(LINE / 2);
});

test('no points, no labels', () => {
  expect(placeLabels([], room)).toEqual([]);
});
