/** Places a label beside each mark so that none covers another label, a mark, or leaves the frame. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface LabelRequest {
  /** Centre of the mark. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedLabel {
  readonly box: Box;
  /** Whether the label is so far from its mark that a line has to join them. */
  readonly needsLeader: boolean;
}

/** Distances of a label's edge from the mark's centre that are tried, nearest first. */
const DISTANCES = [11, 15, 20, 27, 36, 48, 64, 85, 110];
const DIRECTIONS = 16;
const LEADER_FROM = 20;
/** Pixels of distance that a label is moved away for, rather than cover or be mistaken. */
const COST_OF_COVERING = 9;
const COST_OF_DOUBT = 14;

/**
 * One place for each request, in order; undefined when no free place is left inside `frame`. Marks
 * are `radius` wide either side and never covered; `soft` boxes (whiskers, lines) are covered only
 * where every other place is far.
 */
export function placeLabels(
  requests: readonly LabelRequest[],
  frame: Box,
  radius: number,
  soft: readonly Box[],
): (PlacedLabel | undefined)[] {
  const taken = requests.map(({ x, y }) => boxAround(x, y, radius));
  return requests.map((request) => {
    const others = requests.filter(({ x, y }) => x !== request.x || y !== request.y);
    const place = findPlace(request, frame, taken, soft, others);
    if (place !== undefined) taken.push(place.box);
    return place;
  });
}

function findPlace(
  request: LabelRequest,
  frame: Box,
  taken: readonly Box[],
  soft: readonly Box[],
  others: readonly LabelRequest[],
): PlacedLabel | undefined {
  let best: (PlacedLabel & { cost: number }) | undefined;
  for (const distance of DISTANCES) {
    if (best !== undefined && best.cost <= distance) break;
    for (const box of boxesAt(request, distance)) {
      if (!isInside(box, frame) || taken.some((other) => overlaps(box, other))) continue;
      const covered = soft.reduce((sum, other) => sum + Number(overlaps(box, other)), 0);
      // A label that is as near to another mark may be taken for that one's.
      const isDoubtful = others.some(({ x, y }) => distanceTo(box, x, y) < distance + 6);
      const cost = distance + COST_OF_COVERING * covered + (isDoubtful ? COST_OF_DOUBT : 0);
      if (best !== undefined && best.cost <= cost) continue;
      best = { box, needsLeader: distance >= LEADER_FROM || isDoubtful, cost };
    }
  }
  return best;
}

function distanceTo({ left, right, top, bottom }: Box, x: number, y: number): number {
  return Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
}

export function boxAround(x: number, y: number, radius: number): Box {
  return { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius };
}

/** Boxes around the mark: right, left, above, below first, then between. */
function* boxesAt({ x, y, width, height }: LabelRequest, distance: number): Generator<Box> {
  for (const step of directionOrder()) {
    const angle = (2 * Math.PI * step) / DIRECTIONS;
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
    // The nearest point of the box lies in the direction; the box extends away from the mark.
    const left = x + dx * distance + ((dx - 1) / 2) * width;
    const top = y + dy * distance + ((dy - 1) / 2) * height;
    yield { left, top, right: left + width, bottom: top + height };
  }
}

function directionOrder(): number[] {
  const quarters = [0, 8, 12, 4];
  const others = Array.from({ length: DIRECTIONS }, (_, i) => i).filter(
    (step) => !quarters.includes(step),
  );
  return [...quarters, ...others];
}

export function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function isInside(box: Box, frame: Box): boolean {
  return (
    box.left >= frame.left &&
    box.right <= frame.right &&
    box.top >= frame.top &&
    box.bottom <= frame.bottom
  );
}

/** Width in pixels of a text in a sans-serif font, rather too wide than too narrow. */
export function textWidth(content: string, size: number): number {
  let ems = 0;
  for (const character of content) {
    if (/[ilI.,:;'|! ]/.test(character)) ems += 0.32;
    else if (/[mwMW@%]/.test(character)) ems += 0.95;
    else if (/[A-Z+−×±]/.test(character)) ems += 0.72;
    else if ((character.codePointAt(0) ?? 0) > 0x2e80) ems += 1.05;
    else ems += 0.6;
  }
  return ems * size;
}
