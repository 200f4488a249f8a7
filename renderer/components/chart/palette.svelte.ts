/** The design tokens as a canvas needs them: resolved for the theme that is in force. */
import { PALETTE_TOKENS } from './paletteColours.ts';
import type { Palette } from './paletteColours.ts';

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
  const entries = Object.entries(PALETTE_TOKENS).map(([name, token]) => {
    probe.style.color = `var(${token})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(entries) as Palette;
}

export const chartPalette = new ChartPalette();
