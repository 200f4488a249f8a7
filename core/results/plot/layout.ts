/** Labels of the marks, with lines to those that stand apart. */
import { strategyLook } from '../strategyLooks.ts';
import { FRAME, HEIGHT, INK, WIDTH } from './geometry.ts';
import type { Axes, Point } from './geometry.ts';
import { placeLabels, textWidth } from './labels.ts';
import type { Box, LabelRequest, PlacedLabel } from './labels.ts';
import { MARK_RADIUS } from './marks.ts';
import { element, text } from './svg.ts';

const LABEL_SIZE = 13;
const LABEL_HEIGHT = 17;

export interface LaidOut {
  readonly texts: readonly string[];
  readonly leaders: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** Labels beside their marks; those without room there are listed at the right of the frame. */
export function layOut(points: readonly Point[], axes: Axes): LaidOut {
  const requests = points.map(({ label, x, y }): LabelRequest => {
    return { x, y, width: textWidth(label, LABEL_SIZE), height: LABEL_HEIGHT };
  });
  const placed = placeLabels(requests, FRAME, MARK_RADIUS + 1, softObstacles(points, axes));
  const listed = points
    .filter((_, index) => placed[index] === undefined)
    .toSorted((a, b) => a.y - b.y || a.x - b.x);
  const widest = Math.max(0, ...listed.map(({ label }) => textWidth(label, LABEL_SIZE)));
  const boxes = points.map((point, index): PlacedLabel => {
    const own = placed[index];
    if (own !== undefined) return own;
    const left = FRAME.right + 24;
    const top = FRAME.top + listed.indexOf(point) * LABEL_HEIGHT;
    const right = left + requests[index].width;
    return { box: { left, top, right, bottom: top + LABEL_HEIGHT }, needsLeader: true };
  });
  const lowest = Math.max(0, ...boxes.map(({ box }) => box.bottom));
  return {
    texts: points.map(({ label }, index) => labelText(label, boxes[index].box)),
    leaders: points.flatMap((point, index) => leader(point, boxes[index])),
    width: listed.length === 0 ? WIDTH : WIDTH + widest + 24,
    height: Math.max(HEIGHT, lowest + 20),
  };
}

/** Whiskers, the front's corners and the zero lines: better left visible. */
function softObstacles(points: readonly Point[], { x, y }: Axes): Box[] {
  const { left, right, top, bottom } = FRAME;
  const boxes: Box[] = [
    { left: x(0) - 1, right: x(0) + 1, top, bottom },
    { left, right, top: y(0) - 1, bottom: y(0) + 1 },
  ];
  for (const { row, x: atX, y: atY } of points) {
    const { forgetting, gain } = row;
    const [f, g] = [forgetting.deviation ?? 0, gain.deviation ?? 0];
    boxes.push(
      {
        left: x(forgetting.mean - f),
        right: x(forgetting.mean + f),
        top: atY - 4,
        bottom: atY + 4,
      },
      { left: atX - 4, right: atX + 4, top: y(gain.mean + g), bottom: y(gain.mean - g) },
    );
  }
  const corners = points.filter(({ row }) => row.pareto).toSorted((a, b) => a.x - b.x);
  for (const [index, { x: atX, y: atY }] of corners.entries()) {
    const next = corners[index + 1];
    boxes.push(
      { left: atX, right: next?.x ?? right, top: atY - 1, bottom: atY + 1 },
      next === undefined
        ? { left: corners[0].x - 1, right: corners[0].x + 1, top: corners[0].y, bottom }
        : { left: next.x - 1, right: next.x + 1, top: next.y, bottom: atY },
    );
  }
  return boxes;
}

/** A white rim keeps the letters readable over lines. */
function labelText(content: string, { left, bottom }: Box): string {
  return element(
    'text',
    {
      ...{ class: 'label', x: left, y: bottom - 4.5, fill: INK },
      ...{ 'font-size': LABEL_SIZE, 'font-weight': 600 },
      ...{ stroke: '#ffffff', 'stroke-width': 3, 'paint-order': 'stroke' },
      'stroke-linejoin': 'round',
    },
    [text(content)],
  );
}

function leader({ row, x, y }: Point, { box, needsLeader }: PlacedLabel): string[] {
  if (!needsLeader) return [];
  const endX = Math.min(Math.max(x, box.left), box.right);
  const endY = Math.min(Math.max(y, box.top + 3), box.bottom - 3);
  const stroke = strategyLook(row.strategy).colour;
  const end = { x1: x, y1: y, x2: endX, y2: endY };
  return [element('line', { ...end, stroke, 'stroke-width': 1, 'stroke-opacity': 0.6 })];
}
