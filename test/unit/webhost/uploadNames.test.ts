import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanSegments, numbered } from '../../../core/webhost/uploadNames.ts';

describe('cleanSegments', () => {
  it.each([
    ['notes.txt', ['notes.txt']],
    ['notes/2021/a b.jsonl.gz', ['notes', '2021', 'a b.jsonl.gz']],
    ['notes\\2021\\a.txt', ['notes', '2021', 'a.txt']],
    ['/etc/./passwd', ['etc', 'passwd']],
    ['C:\\notes.txt', ['C-', 'notes.txt']],
    ['a\u0000b\nc.txt', ['a-b-c.txt']],
    ['what?<is>|"this"*.txt', ['what--is---this--.txt']],
    ['Arztbrief Mu\u0308ller.txt', ['Arztbrief Müller.txt']],
    ['CON', ['-CON']],
    ['nul.txt', ['-nul.txt']],
    ['console.txt', ['console.txt']],
    ['notes. . ', ['notes']],
    ['. .', ['-']],
    ['.DS_Store', ['.DS_Store']],
  ])('makes of %j', (name, segments) => {
    expect(cleanSegments(name)).toEqual(segments);
  });

  it.each(['', '/', './.', '..', '../a.txt', 'a/../../b.txt', 'a\\..\\b', 'a/'.repeat(40)])(
    'refuses %j',
    (name) => {
      expect(() => cleanSegments(name)).toThrow(
        expect.objectContaining({ code: 'upload/bad-name' }) as Error,
      );
    },
  );

  it('shortens a long name before its extension', () => {
    const [segment = ''] = cleanSegments(`${'ä'.repeat(300)}.csv.gz`);
    expect(segment.endsWith('ä.csv.gz')).toBe(true);
    expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(200);
  });

  it('gives names that every file system takes, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (name) => {
        let segments: string[];
        try {
          segments = cleanSegments(name);
        } catch {
          return;
        }
        for (const segment of segments) {
          expect(segment).not.toMatch(/[/\\<>:"|?*\p{Cc}]|^\.{1,2}$|^$/u);
          expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(200);
          expect(segment.isWellFormed()).toBe(true);
        }
      }),
    );
  });
});

describe('numbered', () => {
  it('keeps the extension by which the reader is chosen', () => {
    expect(numbered('notes.txt', 2)).toBe('notes-2.txt');
    expect(numbered('notes.jsonl.gz', 3)).toBe('notes-3.jsonl.gz');
    expect(numbered('notes', 2)).toBe('notes-2');
    expect(numbered('.txt', 2)).toBe('.txt-2');
  });
});
