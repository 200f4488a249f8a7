/** Lines, dots, intervals and marks on a canvas. Coordinates are pixels. */
import type { Point } from '../../lib/points.ts';

/** Pixel of a value on one axis. */
export type Project = (value: number) => number;

export interface LineStyle {
  readonly colour: string;
  readonly width: number;
  readonly dashed: boolean;
  /** 1 is opaque. */
  readonly alpha: number;
}

const DASH = [5, 3.5];

/** A line of more points is drawn in hairlines. */
const MOST_WIDE_POINTS = 120;

/**
 * Points that are not finite break the line; a point between two breaks is a dot. Software rendering
 * takes ten times as long for a wide line as for a hairline (one pixel of the device): lines of many
 * points are two hairlines side by side.
 */
export function strokeLine(
  context: CanvasRenderingContext2D,
  points: readonly Point[],
  x: Project,
  y: Project,
  { colour, width, dashed, alpha }: LineStyle,
): void {
  context.save();
  context.globalAlpha = alpha;
  context.strokeStyle = colour;
  context.setLineDash(dashed ? DASH : []);
  const path = pathOf(points, x, y);
  if (points.length <= MOST_WIDE_POINTS) {
    context.lineWidth = width;
    context.lineJoin = 'round';
    context.lineCap = 'round';
    context.stroke(path);
  } else {
    const hairline = 1 / devicePixelRatio;
    context.lineWidth = hairline;
    const distance = width - hairline;
    context.translate(0, -distance / 2);
    context.stroke(path);
    if (distance > 0) {
      context.translate(0, distance);
      context.stroke(path);
    }
  }
  context.restore();
}

function pathOf(points: readonly Point[], x: Project, y: Project): Path2D {
  const path = new Path2D();
  let isDown = false;
  let isAlone = false;
  let last: readonly [number, number] = [0, 0];
  for (const point of points) {
    if (!Number.isFinite(point.y)) {
      if (isAlone) path.lineTo(last[0] + 0.01, last[1]);
      isDown = false;
      continue;
    }
    last = [x(point.x), y(point.y)];
    if (isDown) path.lineTo(last[0], last[1]);
    else path.moveTo(last[0], last[1]);
    isAlone = !isDown;
    isDown = true;
  }
  if (isAlone) path.lineTo(last[0] + 0.01, last[1]);
  return path;
}

export function fillDot(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  colour: string,
  ground: string,
): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = ground;
  context.stroke();
}

/** A bar between two pixels with short ends, upright or level. */
export function strokeInterval(
  context: CanvasRenderingContext2D,
  from: readonly [number, number],
  to: readonly [number, number],
  colour: string,
): void {
  const isLevel = from[1] === to[1];
  const end = 3;
  context.save();
  context.strokeStyle = colour;
  context.globalAlpha = 0.65;
  context.lineWidth = 1.25;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  for (const [x, y] of [from, to]) {
    context.moveTo(isLevel ? x : x - end, isLevel ? y - end : y);
    context.lineTo(isLevel ? x : x + end, isLevel ? y + end : y);
  }
  context.stroke();
  context.restore();
}

/** A strategy's mark; hollow for combinations. `ground` keeps it apart from what lies below. */
export function drawMark(
  context: CanvasRenderingContext2D,
  mark: string,
  [x, y]: readonly [number, number],
  radius: number,
  { colour, ground, hollow }: { colour: string; ground: string; hollow: boolean },
): void {
  const path = new Path2D(mark);
  context.save();
  context.translate(x, y);
  context.scale(radius, radius);
  context.lineJoin = 'round';
  context.lineWidth = 5 / radius;
  context.strokeStyle = ground;
  context.stroke(path);
  context.fillStyle = hollow ? ground : colour;
  context.fill(path);
  context.lineWidth = (hollow ? 2.4 : 1) / radius;
  context.strokeStyle = colour;
  context.stroke(path);
  context.restore();
}
