/** The design tokens as a canvas needs them: resolved for the theme that is in force. */
import type { StrategyColour } from '../../lib/strategies.ts';

/** Tokens that charts draw with. */
const TOKENS = {
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

export type PaletteColour = keyof typeof TOKENS;
export type Palette = Readonly<Record<PaletteColour, string>>;

/** A strategy's colour, or one that has no strategy. */
export type CurveColour = StrategyColour | 'accent' | 'muted' | 'text';

class ChartPalette {
  #colours = $state.raw<Palette>(resolve());

  constructor() {
    const update = (): void => {
      this.#colours = resolve();
    };
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', update);
    new MutationObserver(update).observe(document.documentElement, {
      attributeFilter: ['data-theme'],
    });
  }

  get colours(): Palette {
    return this.#colours;
  }
}

/** A custom property holds `light-dark(…)` as written; only a real property is computed. */
function resolve(): Palette {
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const entries = Object.entries(TOKENS).map(([name, token]) => {
    probe.style.color = `var(${token})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(entries) as Palette;
}

export const chartPalette = new ChartPalette();
