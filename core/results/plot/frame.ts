/** What stands around the marks: title, legend, grid, axes. */
import type { ProjectResults, ResultRow } from '../../workbench/results.ts';
import { FRAME, FRONT, GRID, INK, MUTED, ZERO } from './geometry.ts';
import type { Axes } from './geometry.ts';
import { textWidth } from './labels.ts';
import { tickLabel } from './scale.ts';
import type { Scale } from './scale.ts';
import { element, number, text } from './svg.ts';

export function heading({ project, split, rows }: ProjectResults, width: number): string[] {
  const room = width - FRAME.left - 28;
  const hasSpread = rows.some(({ gain }) => gain.deviation !== null);
  const middle = 74;
  const lineStart = FRAME.left;
  const lineText = lineStart + 34;
  const barStart = lineText + textWidth('Pareto front', 12) + 26;
  const label = (x: number, content: string): string =>
    element('text', { x, y: middle + 4, 'font-size': 12, fill: MUTED }, [text(content)]);
  const legend = [
    element('path', {
      d: `M${lineStart} ${middle + 5}h12v-9h14`,
      fill: 'none',
      stroke: FRONT,
      'stroke-width': 1.75,
    }),
    label(lineText, 'Pareto front'),
  ];
  if (hasSpread) {
    legend.push(
      element('path', {
        d: `M${number(barStart)} ${middle}h24m-24 -3.5v7m24 -7v7`,
        fill: 'none',
        stroke: MUTED,
        'stroke-width': 1.25,
      }),
      label(barStart + 34, '± sample standard deviation over seeds'),
    );
  }
  return [
    element('text', { x: FRAME.left, y: 34, 'font-size': 18, 'font-weight': 600, fill: INK }, [
      text(shortened(project.name, 18, room)),
    ]),
    element('text', { x: FRAME.left, y: 55, 'font-size': 13, fill: MUTED }, [
      text([`${split} split`, ...seedsText(rows)].join(' · ')),
    ]),
    ...legend,
  ];
}

/** "n = 3 seeds"; the base model, which no seed changes, does not count beside others. */
function seedsText(rows: readonly ResultRow[]): string[] {
  const tuned = rows.filter(({ forgettingInterval }) => forgettingInterval !== null);
  const counts = (tuned.length > 0 ? tuned : rows).map(({ seeds }) => seeds.length);
  if (counts.length === 0) return [];
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const range = least === most ? String(most) : `${least} to ${most}`;
  return [`n = ${range} ${most === 1 ? 'seed' : 'seeds'}`];
}

function shortened(content: string, size: number, room: number): string {
  const characters = [...content];
  while (characters.length > 1 && textWidth(`${characters.join('')}…`, size) > room) {
    characters.pop();
  }
  return characters.length < [...content].length ? `${characters.join('').trimEnd()}…` : content;
}

export function grid({ horizontal, vertical, x, y }: Axes): string[] {
  const { left, right, top, bottom } = FRAME;
  const line = (x1: number, y1: number, x2: number, y2: number, isZero: boolean): string =>
    element('line', {
      ...{ x1, y1, x2, y2 },
      stroke: isZero ? ZERO : GRID,
      'stroke-width': isZero ? 1.25 : 1,
    });
  const label = (atX: number, atY: number, anchor: string, content: string): string =>
    element(
      'text',
      {
        ...{ x: atX, y: atY, 'text-anchor': anchor, 'font-size': 12, fill: MUTED },
        'font-variant-numeric': 'tabular-nums',
      },
      [text(content)],
    );
  // Zero lines last, above the others.
  const order = (scale: Scale): number[] =>
    scale.ticks.toSorted((a, b) => Number(a === 0) - Number(b === 0));
  return [
    ...order(horizontal).map((tick) => line(x(tick), top, x(tick), bottom, tick === 0)),
    ...order(vertical).map((tick) => line(left, y(tick), right, y(tick), tick === 0)),
    ...horizontal.ticks.map((tick) =>
      label(x(tick), bottom + 20, 'middle', tickLabel(tick, horizontal)),
    ),
    ...vertical.ticks.map((tick) =>
      label(left - 10, y(tick) + 4, 'end', tickLabel(tick, vertical)),
    ),
  ];
}

export function axisTitles(): string[] {
  const { left, right, top, bottom } = FRAME;
  const middle = (top + bottom) / 2;
  const style = { 'font-size': 13, fill: INK, 'text-anchor': 'middle' } as const;
  return [
    element('text', { x: (left + right) / 2, y: bottom + 48, ...style }, [
      text('← forgetting, nats a masked token (lower is better)'),
    ]),
    element('text', { x: 26, y: middle, transform: `rotate(-90 26 ${number(middle)})`, ...style }, [
      text('gain, nats a masked token (higher is better) →'),
    ]),
  ];
}

export function emptyNote(): string {
  const { left, right, top, bottom } = FRAME;
  const place = { x: (left + right) / 2, y: (top + bottom) / 2 - 12, 'text-anchor': 'middle' };
  return element('text', { ...place, 'font-size': 13, fill: MUTED }, [
    text('No completed runs yet'),
  ]);
}
