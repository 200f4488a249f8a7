import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clinicalNote } from '../../../core/demo/clinicalText.ts';
import { CONDITIONS } from '../../../core/demo/conditions.ts';
import { PRETRAINING_SEED } from '../../../core/demo/demoProject.ts';
import { generalDocument } from '../../../core/demo/generalText.ts';
import {
  participle,
  past,
  plural,
  progressive,
  thirdPerson,
  withArticle,
} from '../../../core/demo/morphology.ts';
import { TOPICS } from '../../../core/demo/topics.ts';
import { countWords, makeVocabulary } from '../../../core/demo/vocabulary.ts';

const documents = (make: (seed: number, index: number) => string, seed: number): string[] =>
  Array.from({ length: 200 }, (_, index) => make(seed, index));

describe.each([
  ['general text', generalDocument],
  ['clinical notes', clinicalNote],
])('%s', (_, make) => {
  it('is a pure function of seed and index', () => {
    expect(make(7, 3)).toBe(make(7, 3));
    expect(make(7, 3)).not.toBe(make(7, 4));
    expect(make(7, 3)).not.toBe(make(8, 3));
  });

  it('has no two equal documents and no hole in a template', () => {
    const texts = documents(make, 1);
    expect(new Set(texts).size).toBe(texts.length);
    for (const text of texts) expect(text).not.toMatch(/undefined|NaN|\[object|\{|\}| {2}|\.\./);
  });
});

describe('the two domains', () => {
  it('share function words and little else', () => {
    const general = countWords(documents(generalDocument, 1));
    const clinical = countWords(documents(clinicalNote, 1));
    const total = [...clinical.values()].reduce((sum, count) => sum + count, 0);
    const shared = [...clinical].reduce((sum, [word, n]) => sum + (general.has(word) ? n : 0), 0);
    expect(shared / total).toBeGreaterThan(0.2);
    expect(shared / total).toBeLessThan(0.6);
    for (const word of ['the', 'and', 'with', 'in', 'was']) {
      expect(general.has(word) && clinical.has(word), word).toBe(true);
    }
  });

  it('the clinical one has its sections, and doses that belong to the drug', () => {
    const drugs = CONDITIONS.flatMap((condition) => condition.drugs);
    for (const note of documents(clinicalNote, 2)) {
      for (const section of ['HPI', 'PMH', 'MEDICATIONS', 'VITALS', 'ASSESSMENT', 'PLAN']) {
        expect(note).toMatch(new RegExp(`^${section}: `, 'm'));
      }
      const [, name, dose] = /MEDICATIONS: 1\. ([a-z ]+?) ([\d.]+) /.exec(note) ?? [];
      const known = drugs.find((drug) => drug.name === name);
      expect(known?.doses).toContain(dose);
    }
  });

  it('every topic has two nouns for each verb', () => {
    for (const { name, nouns, verbs } of TOPICS) expect(nouns.length, name).toBe(2 * verbs.length);
  });
});

describe('word forms', () => {
  it.each([
    [past('carry'), 'carried'],
    [past('play'), 'played'],
    [past('stir'), 'stirred'],
    [past('sing'), 'sang'],
    [participle('write'), 'written'],
    [participle('bake'), 'baked'],
    [thirdPerson('watch'), 'watches'],
    [thirdPerson('carry'), 'carries'],
    [thirdPerson('buy'), 'buys'],
    [progressive('tie'), 'tying'],
    [progressive('cut'), 'cutting'],
    [progressive('bake'), 'baking'],
    [progressive('beat'), 'beating'],
    [plural('leaf'), 'leaves'],
    [plural('story'), 'stories'],
    [plural('potato'), 'potatoes'],
    [plural('piano'), 'pianos'],
    [withArticle('onion'), 'an onion'],
    [withArticle('81 y/o'), 'an 81 y/o'],
    [withArticle('boat'), 'a boat'],
  ])('%s', (made, right) => {
    expect(made).toBe(right);
  });
});

describe('the vocabulary', () => {
  it('knows general words whole, every character, and merges what is frequent', () => {
    const general = countWords(['the cat sat']);
    const other = countWords(['statin statin statin catnip']);
    const entries = makeVocabulary(general, other, 60);
    expect(entries.slice(0, 5)).toEqual(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']);
    for (const entry of ['the', 'cat', 'sat', 's', '##s', '##n', 'statin']) {
      expect(entries).toContain(entry);
    }
    expect(new Set(entries).size).toBe(entries.length);
  });

  it('does not depend on the order of the words', () => {
    const words = [...countWords(documents(clinicalNote, 3))];
    const forward = makeVocabulary(new Map(), new Map(words), 400);
    const backward = makeVocabulary(new Map(), new Map(words.reverse()), 400);
    expect(backward).toEqual(forward);
  });
});

describe('the base model', () => {
  it('has the vocabulary that its script makes now', async () => {
    const sample = (make: typeof generalDocument, documents: number): string[] =>
      Array.from({ length: documents }, (_, index) => make(PRETRAINING_SEED, index));
    const entries = makeVocabulary(
      countWords(sample(generalDocument, 4000)),
      countWords(sample(clinicalNote, 1500)),
      2048,
    );
    const path = join(import.meta.dirname, '../../../resources/demo/base-model/vocab.txt');
    expect(await readFile(path, 'utf8')).toBe(`${entries.join('\n')}\n`);
  });
});
