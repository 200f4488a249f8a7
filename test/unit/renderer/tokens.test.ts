/** Contrast and distinctness of the design tokens, computed from the stylesheet itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  colourDistance,
  contrast,
  isInGamut,
  oklchToLinearRgb,
  parseOklch,
  seenBy,
} from '../../../renderer/lib/colour.ts';
import type { ColourVision, LinearRgb } from '../../../renderer/lib/colour.ts';
import { STRATEGY_COLOURS, strategyLook } from '../../../renderer/lib/strategies.ts';

type Theme = 'light' | 'dark';
const THEMES: readonly Theme[] = ['light', 'dark'];
const stylesheet = readFileSync(
  join(import.meta.dirname, '../../../renderer/styles/tokens.css'),
  'utf8',
);

const DECLARATION = /^\s*--([\w-]+):\s*(.+);$/;
const PAIR = /^light-dark\((oklch\([^)/]*\)), (oklch\([^)/]*\))\)$/;

const declarations = new Map(
  stylesheet.split('\n').flatMap((line) => {
    const match = DECLARATION.exec(line);
    return match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const];
  }),
);

function colour(name: string, theme: Theme): LinearRgb {
  const value = declarations.get(name) ?? '';
  const reference = /^var\(--([\w-]+)\)$/.exec(value)?.[1];
  if (reference !== undefined) return colour(reference, theme);
  const pair = PAIR.exec(value);
  const parsed = parseOklch((theme === 'light' ? pair?.[1] : pair?.[2]) ?? '');
  if (parsed === undefined) throw new Error(`--${name} is no pair of opaque OKLCH colours`);
  return oklchToLinearRgb(parsed);
}

const grounds = ['ground', 'ground-rail', 'ground-raised', 'ground-hover', 'ground-press'];
const texts = ['text', 'text-muted', 'accent-text', 'good', 'warn', 'bad'];
const softs = { accent: 'accent-text', good: 'good', warn: 'warn', bad: 'bad' };

describe.each(THEMES)('%s theme', (theme) => {
  test('every colour can be shown by an sRGB screen', () => {
    const pairs = [...declarations].filter(([, value]) => PAIR.test(value));
    expect(pairs.length).toBeGreaterThan(30);
    for (const [name] of pairs)
      expect([name, isInGamut(colour(name, theme))]).toEqual([name, true]);
  });

  test.each(texts)('%s has a contrast of 4.5 on every ground', (text) => {
    for (const ground of grounds) {
      const ratio = contrast(colour(text, theme), colour(ground, theme));
      expect(ratio, `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  test.each(Object.entries(softs))('%s has a contrast of 4.5 on its tint', (name, text) => {
    const tint = colour(`${name}-soft`, theme);
    for (const each of [text, 'text', 'text-muted']) {
      expect(contrast(colour(each, theme), tint), each).toBeGreaterThanOrEqual(4.5);
    }
  });

  test('text on filled buttons has a contrast of 4.5', () => {
    for (const fill of ['accent', 'accent-hover', 'bad-fill']) {
      const ratio = contrast(colour('on-accent', theme), colour(fill, theme));
      expect(ratio, fill).toBeGreaterThanOrEqual(4.5);
    }
  });

  test('lines of fields, of the focus and of charts have a contrast of 3', () => {
    const lines = [
      'line-field',
      'accent-line',
      ...STRATEGY_COLOURS.map((name) => `strategy-${name}`),
    ];
    for (const line of lines) {
      for (const ground of ['ground', 'ground-rail', 'ground-raised', 'ground-hover']) {
        const ratio = contrast(colour(line, theme), colour(ground, theme));
        expect(ratio, `${line} on ${ground}`).toBeGreaterThanOrEqual(3);
      }
    }
  });

  test.each<[ColourVision, number]>([
    ['usual', 0.12],
    ['protanopia', 0.09],
    ['deuteranopia', 0.09],
    ['tritanopia', 0.06],
  ])('strategies are apart for %s vision', (vision, least) => {
    const seen = STRATEGY_COLOURS.map((name) => seenBy(vision, colour(`strategy-${name}`, theme)));
    for (const [index, one] of seen.entries()) {
      for (const [other, two] of seen.slice(0, index).entries()) {
        const names = `${STRATEGY_COLOURS[index]} and ${STRATEGY_COLOURS[other]}`;
        expect(colourDistance(one, two), names).toBeGreaterThan(least);
      }
    }
  });
});

test('no two strategies have one mark', () => {
  const looks = STRATEGY_COLOURS.map(strategyLook);
  expect(new Set(looks.map(({ mark }) => mark)).size).toBe(STRATEGY_COLOURS.length);
  expect(new Set(looks.map(({ character }) => character)).size).toBe(STRATEGY_COLOURS.length);
});

test('contrast and conversion agree with known values', () => {
  const white = oklchToLinearRgb({ lightness: 1, chroma: 0, hue: 0 });
  const black = oklchToLinearRgb({ lightness: 0, chroma: 0, hue: 0 });
  expect(contrast(white, black)).toBeCloseTo(21, 3);
  // sRGB red is oklch(0.628 0.2577 29.23).
  const [red, green, blue] = oklchToLinearRgb({ lightness: 0.62796, chroma: 0.25768, hue: 29.234 });
  expect(red).toBeCloseTo(1, 3);
  expect(green).toBeCloseTo(0, 3);
  expect(blue).toBeCloseTo(0, 3);
});
