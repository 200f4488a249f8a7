import { describe, expect, it } from 'vitest';
import {
  LONGEST_TEXT,
  countMasks,
  insertMask,
  parsePredictor,
  predictorKey,
  textProblem,
} from '../../../../renderer/lib/playground.ts';
import { diagnosticsText, foreignAddresses } from '../../../../renderer/lib/systemView.ts';

describe('the System page', () => {
  it('tells files of this place from others', () => {
    const origin = 'http://127.0.0.1:8617';
    const own = [`${origin}/assets/a.js`, './b.css', 'blob:http://127.0.0.1:8617/x', 'data:,x'];
    expect(foreignAddresses(own, origin)).toEqual([]);
    const foreign = ['https://fonts.example/inter.woff2', 'http://127.0.0.1:9000/x'];
    expect(foreignAddresses([...own, ...foreign], origin)).toEqual(foreign);
  });

  it('copies numbers and checks, and no name of what a person has', () => {
    const text = diagnosticsText(
      {
        version: '0.1.0',
        node: 'v24.0.0',
        platform: 'linux x64',
        home: '/home/mira/notes of patients',
        homeBytes: 10,
        freeBytes: 20,
        cores: 2,
        memoryBytes: 30,
        databaseProblem: null,
        engines: [{ name: 'cpu', available: true, detail: 'The check passed.' }],
        counts: { models: 1, corpora: 2, projects: 3, runs: 4 },
      },
      'Chromium',
    );
    expect(text).toContain('Engine cpu: available; The check passed.');
    expect(text).toContain('1 models, 2 corpora, 3 projects, 4 runs');
    expect(text).not.toContain('mira');
  });
});

describe('the playground', () => {
  it('puts a mask in the place of what is marked, apart from words', () => {
    expect(insertMask('The patient has fever.', 16, 21)).toEqual({
      text: 'The patient has [MASK].',
      caret: 22,
    });
    expect(insertMask('', 0, 0).text).toBe('[MASK]');
    expect(insertMask('was givenaspirin', 9, 9).text).toBe('was given [MASK] aspirin');
    expect(insertMask('(x)', 1, 2).text).toBe('([MASK])');
  });

  it('says why a text cannot be sent', () => {
    expect(textProblem('  ')).toBe('Write a sentence with a mask.');
    expect(textProblem('No mask here.')).toMatch(/no mask/);
    expect(textProblem(`[MASK]${'x'.repeat(LONGEST_TEXT)}`)).toMatch(/longer/);
    expect(textProblem('A [MASK] here.')).toBeUndefined();
    expect(countMasks('[MASK] and <mask> and [mask]')).toBe(2);
  });

  it('writes and reads what predicts as one word', () => {
    expect(parsePredictor(predictorKey({ kind: 'run', id: 'run-1' }))).toEqual({
      kind: 'run',
      id: 'run-1',
    });
    expect(parsePredictor('model:a:b')).toEqual({ kind: 'model', id: 'a:b' });
    expect(parsePredictor('nothing')).toBeUndefined();
  });
});
