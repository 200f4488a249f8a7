/** Where the labels of points go so that they cover neither each other nor other points. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface LabelledPoint {
  /** Pixels of the point, and of its label's text. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface LabelPlace {
  /** Left end of the text and middle of its line. */
  readonly x: number;
  readonly y: number;
}

const LINE = 13;
const GAP = 10;
/** Half the side of the square that a mark takes. */
const MARK = 7;

/**
 * Points in their order get the first of eight places around them that covers the least; places
 * outside `room` count as covered.
 */
export function placeLabels(points: readonly LabelledPoint[], room: Box): LabelPlace[] {
  const marks = points.map(({ x, y }) => ({
    left: x - MARK,
    top: y - MARK,
    right: x + MARK,
    bottom: y + MARK,
  }));
  const placed: Box[] = [];
  return points.map((point, index) => {
    const others = [...marks.filter((_, other) => other !== index), ...placed];
    let best: { place: LabelPlace; box: Box; cost: number } | undefined;
    for (const place of placesAround(point)) {
      const box = boxOf(place, point.width);
      const outside =
        box.left < room.left ||
        box.right > room.right ||
        box.top < room.top ||
        box.bottom > room.bottom;
      const cost =
        others.reduce((sum, other) => sum + overlap(box, other), 0) + (outside ? 1e4 : 0);
      if (best === undefined || cost < best.cost) best = { place, box, cost };
      if (cost === 0) break;
    }
    if (best === undefined) return { x: point.x, y: point.y };
    placed.push(best.box);
    return best.place;
  });
}

/** From the most to the least usual place. */
function placesAround({ x, y, width }: LabelledPoint): LabelPlace[] {
  const [right, left, middle] = [x + GAP, x - GAP - width, x - width / 2];
  const [above, below] = [y - LINE, y + LINE];
  return [
    { x: right, y: y - 8 },
    { x: right, y: y + 8 },
    { x: left, y: y - 8 },
    { x: left, y: y + 8 },
    { x: middle, y: above - 3 },
    { x: middle, y: below + 3 },
    { x: right + 6, y },
    { x: left - 6, y },
  ];
}

const boxOf = ({ x, y }: LabelPlace, width: number): Box => ({
  left: x,
  top: y - LINE / 2,
  right: x + width,
  bottom: y + LINE / 2,
});

function overlap(one: Box, other: Box): number {
  const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  return width > 0 && height > 0 ? width * height : 0;
}
