/** The marks of strategies as SVG, centred on a point. */
import type { MarkShape } from '../strategyLooks.ts';
import { number } from './svg.ts';

/** Half the side of the square around a mark. */
export const MARK_RADIUS = 7;

/** A closed path of a shape whose area is about that of a circle with radius 6. */
export function markPath(shape: MarkShape, x: number, y: number): string {
  if (shape === 'circle') {
    const r = 5.6;
    return `M${number(x - r)} ${number(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  }
  const points = OUTLINES[shape].map(([dx, dy]) => `${number(x + dx)} ${number(y + dy)}`);
  return `M${points.join('L')}Z`;
}

type Outline = readonly (readonly [x: number, y: number])[];

function polygon(corners: number, radius: number, turn = 0): Outline {
  return Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners - Math.PI / 2 + turn;
    return [radius * Math.cos(angle), radius * Math.sin(angle)] as const;
  });
}

function star(): Outline {
  const outer = polygon(5, 8);
  const inner = polygon(5, 3.6, Math.PI / 5);
  return outer.flatMap((point, i) => [point, inner[i]]);
}

const ARM = 2.3;
const REACH = 6.6;
const OUTLINES: Readonly<Record<Exclude<MarkShape, 'circle'>, Outline>> = {
  triangle: [
    [0, -7],
    [6.6, 5],
    [-6.6, 5],
  ],
  wedge: [
    [0, 7],
    [6.6, -5],
    [-6.6, -5],
  ],
  square: [
    [-5.2, -5.2],
    [5.2, -5.2],
    [5.2, 5.2],
    [-5.2, 5.2],
  ],
  diamond: polygon(4, 7.2),
  pentagon: polygon(5, 6.8),
  star: star(),
  plus: [
    [-ARM, -REACH],
    [ARM, -REACH],
    [ARM, -ARM],
    [REACH, -ARM],
    [REACH, ARM],
    [ARM, ARM],
    [ARM, REACH],
    [-ARM, REACH],
    [-ARM, ARM],
    [-REACH, ARM],
    [-REACH, -ARM],
    [-ARM, -ARM],
  ],
};
