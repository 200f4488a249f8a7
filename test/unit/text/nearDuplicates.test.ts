import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../core/base/random.ts';
import { DisjointSets, PagedRecords } from '../../../core/text/compactTables.ts';
import { estimateSimilarity, SKETCH_BYTES, SketchMaker } from '../../../core/text/minHash.ts';
import { BANDS, countClusters, uniteByBand } from '../../../core/text/nearDuplicates.ts';

const maker = new SketchMaker(1);

function sketchOf(text: string): Uint8Array {
  const sketch = new Uint8Array(SKETCH_BYTES);
  maker.sketch(Buffer.from(text), sketch);
  return sketch;
}

/** Jaccard similarity of the sets of word 5-shingles, by definition. */
function similarity(a: readonly string[], b: readonly string[]): number {
  const shingles = (words: readonly string[]): Set<string> =>
    new Set(words.slice(4).map((_, index) => words.slice(index, index + 5).join(' ')));
  const [left, right] = [shingles(a), shingles(b)];
  const common = [...left].filter((shingle) => right.has(shingle)).length;
  return common / (left.size + right.size - common);
}

function randomWords(random: RandomStream, count: number): string[] {
  return Array.from({ length: count }, () => `w${random.nextInteger(5000)}`);
}

/** Replaces `changes` words at random places. */
function mutate(random: RandomStream, words: readonly string[], changes: number): string[] {
  const mutated = [...words];
  for (let change = 0; change < changes; change++) {
    mutated[random.nextInteger(words.length)] = `x${random.nextInteger(5000)}`;
  }
  return mutated;
}

function clusters(texts: readonly string[]): number[] {
  const sketches = new PagedRecords(SKETCH_BYTES);
  for (const text of texts) maker.sketch(Buffer.from(text), sketches.append());
  const sets = new DisjointSets(texts.length);
  for (let band = 0; band < BANDS; band++) uniteByBand(sketches, band, sets);
  return texts.map((_, index) => sets.root(index));
}

describe('SketchMaker', () => {
  it('estimates the Jaccard similarity of word 5-shingles without bias', () => {
    const random = new RandomStream(11, 'demoText');
    for (const length of [40, 150, 2000]) {
      for (const share of [0, 0.005, 0.02, 0.05, 0.2]) {
        let difference = 0;
        const trials = 60;
        for (let trial = 0; trial < trials; trial++) {
          const words = randomWords(random, length);
          const other = mutate(random, words, Math.round(length * share));
          const estimate = estimateSimilarity(sketchOf(words.join(' ')), sketchOf(other.join(' ')));
          difference += (estimate - similarity(words, other)) / trials;
        }
        // The standard error of one estimate from 128 bins is at most 0.045, of the mean 0.006;
        // documents with fewer shingles than bins vary more.
        expect(Math.abs(difference)).toBeLessThan(length < 128 ? 0.04 : 0.025);
      }
    }
  });

  it('does not see case, punctuation and white space', () => {
    const a = sketchOf('The patient, aged 64, was admitted with chest pain; no fever.');
    const b = sketchOf('  the PATIENT (aged 64)\nwas admitted with chest pain  no fever');
    expect(estimateSimilarity(a, b)).toBe(1);
  });

  it('treats short documents as one shingle and leaves documents without words out', () => {
    expect(estimateSimilarity(sketchOf('No fever.'), sketchOf('no fever'))).toBe(1);
    expect(estimateSimilarity(sketchOf('No fever.'), sketchOf('no cough'))).toBeLessThan(0.1);
    expect(maker.sketch(Buffer.from(' --- !!! '), new Uint8Array(SKETCH_BYTES))).toBe(false);
  });

  it('depends on the seed and on nothing else', () => {
    const text = Buffer.from(randomWords(new RandomStream(3, 'demoText'), 300).join(' '));
    const make = (seed: number): Buffer => {
      const sketch = Buffer.alloc(SKETCH_BYTES);
      new SketchMaker(seed).sketch(text, sketch);
      return sketch;
    };
    expect(make(5)).toEqual(make(5));
    expect(make(5)).not.toEqual(make(6));
  });
});

describe('uniteByBand', () => {
  it('finds nearly all pairs above the threshold and nearly none far below it', () => {
    const random = new RandomStream(12, 'demoText');
    let similar = 0;
    let found = 0;
    let dissimilar = 0;
    let wrong = 0;
    const texts: string[] = [];
    const truth: number[] = [];
    for (let pair = 0; pair < 400; pair++) {
      const words = randomWords(random, 100 + random.nextInteger(400));
      const other = mutate(random, words, random.nextInteger(Math.ceil(words.length * 0.12)));
      texts.push(words.join(' '), other.join(' '));
      truth.push(similarity(words, other));
    }
    const roots = clusters(texts);
    for (const [pair, value] of truth.entries()) {
      const united = roots[pair * 2] === roots[pair * 2 + 1];
      if (value >= 0.9) similar++;
      if (value >= 0.9 && united) found++;
      if (value <= 0.65) dissimilar++;
      if (value <= 0.65 && united) wrong++;
    }
    expect(similar).toBeGreaterThan(40);
    expect(dissimilar).toBeGreaterThan(40);
    expect(found / similar).toBeGreaterThan(0.97);
    expect(wrong / dissimilar).toBeLessThan(0.03);
    // No cluster joins two unrelated pairs.
    for (const [index, root] of roots.entries()) expect(root >> 1).toBe(index >> 1);
  });

  it('joins chains of versions into one cluster and counts it once', () => {
    const random = new RandomStream(13, 'demoText');
    const texts = [randomWords(random, 400)];
    for (let version = 0; version < 5; version++) {
      texts.push(mutate(random, texts[version], 3));
    }
    const lonely = randomWords(random, 400);
    const sketches = new PagedRecords(SKETCH_BYTES);
    for (const words of [...texts, lonely]) {
      maker.sketch(Buffer.from(words.join(' ')), sketches.append());
    }
    const sets = new DisjointSets(7);
    for (let band = 0; band < BANDS; band++) uniteByBand(sketches, band, sets);
    expect(countClusters(sets)).toEqual({ documents: 6, clusters: 1 });
    expect(sets.root(6)).toBe(6);
  });

  it('tells documents of one shingle apart', () => {
    const texts = Array.from({ length: 3000 }, (_, index) => `Bed ${index} is not taken.`);
    expect(clusters(texts)).toEqual(texts.map((_, index) => index));
  });

  it('never joins documents without words', () => {
    expect(clusters(['---', '***', '!!!'])).toEqual([0, 1, 2]);
  });
});
