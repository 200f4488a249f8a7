/** Where things stand in the picture, and the colours of what is no strategy. */
import type { ResultRow, Spread } from '../../workbench/results.ts';
import type { Box } from './labels.ts';
import { scaleOver } from './scale.ts';
import type { Scale } from './scale.ts';

export const WIDTH = 820;
export const HEIGHT = 580;
export const FRAME: Box = { left: 84, top: 104, right: WIDTH - 28, bottom: HEIGHT - 68 };
export const INK = '#1f242b';
export const MUTED = '#565d68';
export const GRID = '#e8eaee';
export const ZERO = '#a9afb9';
export const FRONT = '#0c6f69';

/** A row where it stands in the picture. */
export interface Point {
  readonly row: ResultRow;
  readonly label: string;
  readonly x: number;
  readonly y: number;
}

export interface Axes {
  readonly horizontal: Scale;
  readonly vertical: Scale;
  readonly x: (forgetting: number) => number;
  readonly y: (gain: number) => number;
}

export function axesFor(rows: readonly ResultRow[]): Axes {
  const ends = ({ mean, deviation }: Spread): number[] => [
    mean - (deviation ?? 0),
    mean + (deviation ?? 0),
  ];
  const horizontal = scaleOver(
    rows.flatMap(({ forgetting }) => ends(forgetting)),
    8,
  );
  const vertical = scaleOver(
    rows.flatMap(({ gain }) => ends(gain)),
    6,
  );
  const { left, right, top, bottom } = FRAME;
  return {
    horizontal,
    vertical,
    x: (value) => left + (share(value, horizontal) || 0) * (right - left),
    y: (value) => bottom - (share(value, vertical) || 0) * (bottom - top),
  };
}

function share(value: number, { low, high }: Scale): number {
  return (value - low) / (high - low);
}
