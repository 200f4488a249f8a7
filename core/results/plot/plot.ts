/**
 * The picture of a project's results as SVG: forgetting against gain, a mark a strategy, bars of one
 * sample standard deviation over seeds, and the Pareto front as a step line. It stands on a white
 * plate of its own, so that it reads on any background and in print.
 */
import type { ProjectResults, ResultRow, Spread } from '../../workbench/results.ts';
import { signed } from '../cells.ts';
import { fullTitle, strategyTitle } from '../names.ts';
import { strategyLook } from '../strategyLooks.ts';
import { axisTitles, emptyNote, grid, heading } from './frame.ts';
import { FRAME, FRONT, axesFor } from './geometry.ts';
import type { Axes, Point } from './geometry.ts';
import { layOut } from './layout.ts';
import { markPath } from './marks.ts';
import { element, number, text } from './svg.ts';

const FONT =
  "Inter, 'Segoe UI', system-ui, -apple-system, 'Helvetica Neue', Arial, 'Noto Sans', sans-serif";

/** A whole SVG document; without rows the axes alone. */
export function plotResults(results: ProjectResults): string {
  const { rows } = results;
  const axes = axesFor(rows);
  const points = rows.map((row) => ({
    row,
    label: labelOf(row, rows),
    x: axes.x(row.forgetting.mean),
    y: axes.y(row.gain.mean),
  }));
  const labels = layOut(points, axes);
  const parts = [
    element('title', {}, [text(`${results.project.name}: forgetting and gain`)]),
    element('desc', {}, [text(description(results))]),
    element('rect', { width: labels.width, height: labels.height, rx: 8, fill: '#ffffff' }),
    ...heading(results, labels.width),
    ...grid(axes),
    ...front(points),
    ...points.flatMap((point) => whiskers(point, axes)),
    ...labels.leaders,
    ...points.map(mark),
    ...labels.texts,
    ...axisTitles(),
  ];
  if (rows.length === 0) parts.push(emptyNote());
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${number(labels.width)} ${number(labels.height)}`,
      width: labels.width,
      height: labels.height,
      role: 'img',
      'font-family': FONT,
    },
    parts.map((part) => `\n  ${part}`).concat('\n'),
  )}\n`;
}

/** Settings only where the name alone would stand for several rows. */
function labelOf(row: ResultRow, rows: readonly ResultRow[]): string {
  const isAmbiguous = rows.filter(({ strategy }) => strategy === row.strategy).length > 1;
  return isAmbiguous ? fullTitle(row.strategy, row.settings) : strategyTitle(row.strategy);
}

/** What the front dominates, lightly filled, and its border: solid between the rows of the front. */
function front(points: readonly Point[]): string[] {
  const corners = points.filter(({ row }) => row.pareto).toSorted((a, b) => a.x - b.x || a.y - b.y);
  const [first] = corners;
  const last = corners.at(-1);
  if (first === undefined || last === undefined) return [];
  const steps = corners.slice(1).map(({ x, y }) => `H${number(x)}V${number(y)}`);
  const stairs = `${number(first.x)} ${number(first.y)}${steps.join('')}`;
  const { right, bottom } = FRAME;
  const outline = { fill: 'none', stroke: FRONT, 'stroke-width': 1.75 } as const;
  const ends = `M${number(first.x)} ${number(bottom)}V${number(first.y)}M${number(last.x)} ${number(last.y)}H${number(right)}`;
  return [
    element('path', {
      d: `M${stairs}H${number(right)}V${number(bottom)}H${number(first.x)}Z`,
      fill: FRONT,
      'fill-opacity': 0.045,
    }),
    element('path', { d: ends, ...outline, 'stroke-opacity': 0.45, 'stroke-dasharray': '2 4' }),
    element('path', { class: 'front', d: `M${stairs}`, ...outline }),
  ];
}

function whiskers({ row, x, y }: Point, axes: Axes): string[] {
  const { forgetting, gain } = row;
  const cap = 3.5;
  const paths: string[] = [];
  if (forgetting.deviation !== null) {
    const from = axes.x(forgetting.mean - forgetting.deviation);
    const to = axes.x(forgetting.mean + forgetting.deviation);
    const caps = [from, to].map((end) => `M${number(end)} ${number(y - cap)}v${2 * cap}`);
    paths.push(`M${number(from)} ${number(y)}H${number(to)}${caps.join('')}`);
  }
  if (gain.deviation !== null) {
    const from = axes.y(gain.mean + gain.deviation);
    const to = axes.y(gain.mean - gain.deviation);
    const caps = [from, to].map((end) => `M${number(x - cap)} ${number(end)}h${2 * cap}`);
    paths.push(`M${number(x)} ${number(from)}V${number(to)}${caps.join('')}`);
  }
  if (paths.length === 0) return [];
  const stroke = strategyLook(row.strategy).colour;
  const style = { fill: 'none', stroke, 'stroke-width': 1.5, 'stroke-opacity': 0.75 } as const;
  return [element('path', { class: 'whiskers', d: paths.join(''), ...style })];
}

/** Filled; combinations dashed, points between base and tuned model hollow. */
function mark({ row, label, x, y }: Point): string {
  const { colour, shape, dashed } = strategyLook(row.strategy);
  const isHollow = dashed || row.strategy.includes(' ');
  return element(
    'path',
    {
      class: 'mark',
      d: markPath(shape, x, y),
      fill: isHollow ? '#ffffff' : colour,
      stroke: isHollow ? colour : '#ffffff',
      'stroke-width': isHollow ? 1.75 : 1,
      ...(dashed ? { 'stroke-dasharray': '3 2' } : {}),
      'stroke-linejoin': 'round',
    },
    [element('title', {}, [text(`${label}: ${tradeOffText(row)}`)])],
  );
}

function tradeOffText({ forgetting, gain }: ResultRow): string {
  const spread = ({ mean, deviation }: Spread): string =>
    `${signed(mean, '−')}${deviation === null ? '' : ` ± ${deviation.toFixed(3)}`}`;
  return `forgetting ${spread(forgetting)}, gain ${spread(gain)}`;
}

/** The picture in words. */
function description({ split, rows }: ProjectResults): string {
  const sentences = rows.map((row) => {
    const onFront = row.pareto ? ', on the Pareto front' : '';
    return `${fullTitle(row.strategy, row.settings)}: ${tradeOffText(row)}${onFront}.`;
  });
  return [`Nats a masked token on the ${split} split.`, ...sentences].join(' ');
}
