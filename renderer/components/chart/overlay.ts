/** What moves with the pointer lies on a canvas of its own, so that no curve is drawn again for it. */
import type { Chart } from 'chart.js';
import { fillDot } from './drawing.ts';
import type { CurveColour, Palette } from './paletteColours.ts';

export interface OverlayContent {
  /** Of the crosshair, in the unit of the axis; undefined when the pointer is in no chart. */
  readonly x: number | undefined;
  readonly dots: readonly {
    readonly x: number;
    readonly y: number;
    readonly colour: CurveColour;
  }[];
  /** Pixels of a drag that is going on. */
  readonly drag: { readonly from: number; readonly to: number } | undefined;
  readonly colours: Palette;
}

/** Draws anew onto `canvas`, which lies over that of the chart. */
export function drawOverlay(
  canvas: HTMLCanvasElement,
  { chartArea, scales, width, height, currentDevicePixelRatio: ratio }: Chart<'scatter'>,
  { x, dots, drag, colours }: OverlayContent,
): void {
  const { x: xScale, y: yScale } = scales;
  const context = canvas.getContext('2d');
  if (context === null || xScale === undefined || yScale === undefined) return;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  // Setting the size, even to the same one, clears the canvas and takes new memory.
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(chartArea.left, chartArea.top - 4, chartArea.width + 6, chartArea.height + 8);
  context.clip();
  if (x !== undefined) {
    const at = Math.round(xScale.getPixelForValue(x)) + 0.5;
    context.strokeStyle = colours.crosshair;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(at, chartArea.top);
    context.lineTo(at, chartArea.bottom);
    context.stroke();
    for (const dot of dots) {
      const [left, top] = [xScale.getPixelForValue(dot.x), yScale.getPixelForValue(dot.y)];
      fillDot(context, left, top, 3, colours[dot.colour], colours.ground);
    }
  }
  if (drag !== undefined) {
    context.globalAlpha = 0.14;
    context.fillStyle = colours.accent;
    context.fillRect(drag.from, chartArea.top, drag.to - drag.from, chartArea.height);
  }
  context.restore();
}
