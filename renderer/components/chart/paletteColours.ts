/** The colours that charts draw with, by name. */
import type { StrategyColour } from '../../lib/strategies.ts';

/** Tokens that charts draw with. */
export const PALETTE_TOKENS = {
  text: '--text',
  muted: '--text-muted',
  grid: '--neutral-4',
  axis: '--line-strong',
  crosshair: '--neutral-9',
  accent: '--accent-line',
  ground: '--ground-raised',
  ndt: '--strategy-ndt',
  sdt: '--strategy-sdt',
  rh: '--strategy-rh',
  l2: '--strategy-l2',
  ewc: '--strategy-ewc',
  gem: '--strategy-gem',
  lwf: '--strategy-lwf',
  lrc: '--strategy-lrc',
} as const;

export type PaletteColour = keyof typeof PALETTE_TOKENS;
export type Palette = Readonly<Record<PaletteColour, string>>;

/** A strategy's colour, or one that has no strategy. */
export type CurveColour = StrategyColour | 'accent' | 'muted' | 'text';
