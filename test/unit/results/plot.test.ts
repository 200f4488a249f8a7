import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlaps, placeLabels, textWidth } from '../../../core/results/plot/labels.ts';
import type { Box } from '../../../core/results/plot/labels.ts';
import { plotResults } from '../../../core/results/plot/plot.ts';
import { roundStep, scaleOver, tickLabel } from '../../../core/results/plot/scale.ts';
import { STRATEGY_NAMES } from '../../../core/strategies/parts.ts';
import type { ProjectResults, ResultRow } from '../../../core/workbench/results.ts';
import { paperRows, projectResults, row } from '../../fixtures/results.ts';
import { descendants, parseXml } from '../../fixtures/xml.ts';
import type { XmlElement } from '../../fixtures/xml.ts';

function drawn(results: ProjectResults) {
  const root = parseXml(plotResults(results));
  const all = descendants(root);
  const ofClass = (name: string): XmlElement[] =>
    all.filter(({ attributes }) => attributes['class'] === name);
  const title = (mark: XmlElement): string => mark.children.map(({ text }) => text).join('');
  return {
    root,
    texts: all.filter(({ name }) => name === 'text').map(({ text }) => text),
    marks: ofClass('mark').map((mark) => ({ ...mark, title: title(mark), at: firstPoint(mark) })),
    labels: ofClass('label'),
    whiskers: ofClass('whiskers'),
    front: ofClass('front')[0]?.attributes['d'],
    description: all.find(({ name }) => name === 'desc')?.text ?? '',
  };
}

function firstPoint({ attributes }: XmlElement): [number, number] {
  const [, x, y] = /^M(-?[\d.]+) (-?[\d.]+)/.exec(attributes['d'] ?? '') ?? [];
  return [Number(x), Number(y)];
}

/** As the labels are laid out: the text of each with its box. */
function boxes(labels: readonly XmlElement[]): Box[] {
  return labels.map(({ attributes, text }) => {
    const [left, baseline] = [Number(attributes['x']), Number(attributes['y'])];
    const width = textWidth(text, 13);
    return { left, right: left + width, top: baseline - 12.5, bottom: baseline + 4.5 };
  });
}

function expectApart(labels: readonly XmlElement[]): void {
  const all = boxes(labels);
  // The boxes are rounded to a hundredth of a pixel.
  const inner = ({ left, right, top, bottom }: Box): Box => ({
    ...{ left: left + 0.05, right: right - 0.05 },
    ...{ top: top + 0.05, bottom: bottom - 0.05 },
  });
  for (const [index, box] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      expect(overlaps(inner(box), inner(other))).toBe(false);
    }
  }
}

const PAPER = projectResults(paperRows());

describe('the picture', () => {
  it('is one well-formed SVG on a white plate with a mark, a label and bars a row', () => {
    const { root, marks, labels, whiskers, texts } = drawn(PAPER);
    expect(root.name).toBe('svg');
    expect(root.attributes['xmlns']).toBe('http://www.w3.org/2000/svg');
    const plate = root.children.find(({ name }) => name === 'rect');
    expect(plate?.attributes).toMatchObject({ fill: '#ffffff', width: root.attributes['width'] });
    expect(marks).toHaveLength(6);
    expect(labels.map(({ text }) => text)).toEqual(['NDT', 'SDT', 'RH', 'L2', 'EWC', 'GEM']);
    // The base model was run once.
    expect(whiskers).toHaveLength(5);
    expect(texts).toContain('pilot');
    expect(texts).toContain('test split · n = 3 seeds');
    expect(texts).toContain('← forgetting, nats a masked token (lower is better)');
    expect(texts).toContain('gain, nats a masked token (higher is better) →');
    expect(texts).toEqual(expect.arrayContaining(['0.0', '0.2', '0.4']));
    expectApart(labels);
  });

  it('sets little forgetting to the left and much gain to the top', () => {
    const { marks } = drawn(projectResults([row('sdt', 0.5, 0.2), row('sdt', 0.1, 0.7)]));
    const [[x1, y1], [x2, y2]] = marks.map(({ at }) => at);
    expect(x2).toBeLessThan(x1);
    expect(y2).toBeLessThan(y1);
  });

  it('draws the front as steps through its rows alone', () => {
    const { front } = drawn(PAPER);
    // NDT, L2, EWC, RH and SDT are on it: four steps to the right and up.
    expect(front?.match(/H[\d.]+V[\d.]+/g)).toHaveLength(4);
    const ys = [...(front ?? '').matchAll(/V([\d.]+)/g)].map(([, y]) => Number(y));
    expect(ys).toEqual(ys.toSorted((a, b) => b - a));
  });

  it('gives every strategy a colour and a shape of its own', () => {
    const { marks } = drawn(projectResults(STRATEGY_NAMES.map((name) => row(name, 0.1, 0.1))));
    expect(new Set(marks.map(({ attributes }) => attributes['fill'])).size).toBe(8);
    expect(new Set(marks.map(({ attributes }) => attributes['d'])).size).toBe(8);
  });

  it('draws combinations dashed and interpolated rows hollow, in the first colour', () => {
    const rows = [row('rh', 0.1, 0.1), row('rh+ewc', 0.2, 0.2), row('rh α 0.5', 0.3, 0.3)];
    const [plain, combined, between] = drawn(projectResults(rows)).marks.map(
      ({ attributes }) => attributes,
    );
    expect(combined).toMatchObject({ stroke: plain['fill'], fill: '#ffffff' });
    expect(combined['stroke-dasharray']).toBeDefined();
    expect(between).toMatchObject({ stroke: plain['fill'], fill: '#ffffff' });
    expect(between['stroke-dasharray']).toBeUndefined();
  });

  it('tells its numbers in words', () => {
    const { description, marks } = drawn(PAPER);
    expect(description).toContain('Nats a masked token on the test split.');
    expect(description).toContain(
      'SDT: forgetting +0.489 ± 0.012, gain +0.731 ± 0.012, on the Pareto front.',
    );
    expect(marks[5].title).toBe('GEM: forgetting +0.210 ± 0.020, gain +0.690 ± 0.020');
  });

  it('names settings only where a strategy stands several times', () => {
    const rows = [
      row('sdt', 0.4, 0.7),
      row('ewc', 0.1, 0.4, { settings: 'λ 10' }),
      row('ewc', 0.05, 0.2, { settings: 'λ 100' }),
      row('l2', 0.2, 0.1, { settings: 'λ 1' }),
    ];
    const { labels } = drawn(projectResults(rows));
    expect(labels.map(({ text }) => text)).toEqual(['SDT', 'EWC λ 10', 'EWC λ 100', 'L2']);
  });

  it('counts seeds of the tuned strategies', () => {
    const texts = (rows: ResultRow[]): string => drawn(projectResults(rows)).texts.join('\n');
    expect(texts([row('ndt', 0, 0)])).toContain('test split · n = 1 seed');
    expect(texts([row('sdt', 1, 1), row('rh', 1, 1, { deviation: 0.1 })])).toContain(
      'n = 1 to 3 seeds',
    );
    expect(texts([row('sdt', 1, 1)])).not.toContain('standard deviation');
  });

  it.each<[string, ResultRow[]]>([
    ['one strategy', [row('sdt', 0.4, 0.7)]],
    ['the base model alone', [row('ndt', 0, 0)]],
    ['all points equal', STRATEGY_NAMES.map((name) => row(name, 0, 0, { deviation: 0 }))],
    ['negative forgetting', [row('sdt', -0.3, 0.1), row('ewc', -0.1, -0.4)]],
    ['a run that diverged', [row('sdt', 4000, -3e5), row('ewc', 0.1, 0.1)]],
    ['tiny differences', [row('sdt', 1e-7, 2e-7), row('ewc', -1e-7, 3e-7)]],
    [
      'long labels',
      Array.from({ length: 5 }, (_, i) =>
        row('rh+ewc', 0.5, 0.5, { settings: `rh λ ${i} ratio 0.5, ewc λ 1000 layer_norm false` }),
      ),
    ],
    [
      'more labels than there is room for',
      Array.from({ length: 80 }, (_, i) => row('ewc', 0.5, 0.5 + 1e-4 * i, { settings: `λ ${i}` })),
    ],
  ])('of %s is well-formed, complete and inside its frame', (_, rows) => {
    const { root, marks, labels } = drawn(projectResults(rows));
    expect(marks).toHaveLength(rows.length);
    expect(labels).toHaveLength(rows.length);
    expectApart(labels);
    const width = Number(root.attributes['width']);
    const height = Number(root.attributes['height']);
    for (const { left, right, top, bottom } of boxes(labels)) {
      expect(Math.min(left, top)).toBeGreaterThan(0);
      expect(right).toBeLessThan(width);
      expect(bottom).toBeLessThan(height);
    }
    for (const { at } of marks) {
      expect(at[0]).toBeGreaterThan(60);
      expect(at[0]).toBeLessThan(820);
    }
    expect(plotResults(projectResults(rows))).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('of no rows has axes and says so', () => {
    const { marks, texts, front } = drawn(projectResults([]));
    expect(marks).toEqual([]);
    expect(front).toBeUndefined();
    expect(texts).toContain('No completed runs yet');
  });

  it('escapes names and cuts what is too long', () => {
    const named = (name: string) =>
      drawn(projectResults(paperRows(), { project: { id: 'project-aaaaaaaaaa', name } }));
    const hostile = '</text><script>alert("1")</script>&amp;\u0000\u001b';
    const { texts, root } = named(hostile);
    expect(texts).toContain('</text><script>alert("1")</script>&amp;');
    expect(descendants(root).some(({ name }) => name === 'script')).toBe(false);
    const long = named('word '.repeat(40)).texts.find((text) => text.startsWith('word'));
    expect(long).toMatch(/^word .*…$/);
    expect(textWidth(long ?? '', 18)).toBeLessThan(820 - 84);
  });
});

describe('an axis', () => {
  it.each([
    [0.07, 0.1],
    [0.11, 0.2],
    [0.2, 0.2],
    [0.3, 0.5],
    [6, 10],
    [0.00012, 0.0002],
  ])('takes steps of 1, 2 or 5: %d → %d', (step, rounded) => {
    expect(roundStep(step)).toBeCloseTo(rounded, 12);
  });

  it('holds all values and zero between few round ticks', () => {
    const value = fc.double({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 8 }), (values) => {
        const scale = scaleOver(values, 6);
        for (const one of [0, ...values]) {
          expect(one).toBeGreaterThan(scale.low);
          expect(one).toBeLessThan(scale.high);
        }
        expect(scale.ticks.length).toBeGreaterThanOrEqual(2);
        expect(scale.ticks.length).toBeLessThanOrEqual(8);
        expect(scale.ticks).toContain(0);
        const labels = scale.ticks.map((tick) => tickLabel(tick, scale));
        expect(new Set(labels).size).toBe(labels.length);
        for (const [index, tick] of scale.ticks.entries()) {
          expect(Number(labels[index].replace('−', '-'))).toBeCloseTo(tick, 9);
        }
      }),
    );
  });
});

describe('labels', () => {
  it('cover neither each other nor a mark, and stay inside the frame', () => {
    const frame = { left: 0, top: 0, right: 600, bottom: 400 };
    const place = fc.record({
      x: fc.integer({ min: 10, max: 590 }),
      y: fc.integer({ min: 10, max: 390 }),
      width: fc.integer({ min: 20, max: 160 }),
      height: fc.constant(17),
    });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 12 }), (requests) => {
        const placed = placeLabels(requests, frame, 8, []);
        expect(placed).toHaveLength(requests.length);
        const marks = requests.map(({ x, y }) => ({
          ...{ left: x - 8, right: x + 8, top: y - 8, bottom: y + 8 },
        }));
        const found = placed.flatMap((one) => (one === undefined ? [] : [one.box]));
        for (const [index, box] of found.entries()) {
          expect(box.left >= 0 && box.right <= 600 && box.top >= 0 && box.bottom <= 400).toBe(true);
          for (const other of [...marks, ...found.slice(index + 1)]) {
            expect(overlaps(box, other)).toBe(false);
          }
        }
      }),
    );
  });

  it('that could be taken for another mark get a line', () => {
    const frame = { left: 0, top: 0, right: 600, bottom: 400 };
    const at = (x: number) => ({ x, y: 200, width: 30, height: 17 });
    expect(placeLabels([at(100)], frame, 8, [])[0]?.needsLeader).toBe(false);
    const crowd = [100, 108, 116, 124, 132].map(at);
    const placed = placeLabels(crowd, frame, 8, []);
    expect(placed.some((one) => one?.needsLeader === true)).toBe(true);
  });
});
