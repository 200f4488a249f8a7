import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainSegments } from '../../../core/webhost/staticFiles.ts';

describe('plainSegments', () => {
  it.each([
    ['/', []],
    ['/assets/index-a1b2c3d4.js', ['assets', 'index-a1b2c3d4.js']],
    ['//assets//', ['assets']],
    ['/projects/my%20project', ['projects', 'my project']],
    ['/projects/100%25', ['projects', '100%']],
    ['/corpora/%E2%80%A6', ['corpora', '…']],
    ['/a..b/.../c', ['a..b', '...', 'c']],
  ])('takes %s', (path, segments) => {
    expect(plainSegments(path)).toEqual(segments);
  });

  it.each([
    '/..',
    '/../package.json',
    '/assets/../../package.json',
    '/./index.html',
    '/%2e%2e/package.json',
    '/%2E%2e%2fpackage.json',
    '/%252e%252e/package.json',
    '/%25252e%25252e/package.json',
    '/%2525252525252e%2525252525252e/package.json',
    '/..%5cpackage.json',
    '/..\\package.json',
    '/%255c..',
    '/assets%5c..%5c..%5cpackage.json',
    '/index.html%00',
    '/index.html%2500',
    '/%0d%0aSet-Cookie:a=b',
    '/%7f',
    '/%',
    '/%c0%ae%c0%ae/package.json',
    '/%ff',
  ])('refuses %s', (path) => {
    expect(plainSegments(path)).toBeUndefined();
  });

  it('never gives a segment that leads upwards, however often it is decoded', () => {
    const piece = fc.constantFrom(
      '.',
      '..',
      '/',
      '%2e',
      '%2f',
      '%5c',
      '\\',
      '%25',
      '%00',
      'a',
      '2e',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const segments = plainSegments(`/${pieces.join('')}`);
        for (const segment of segments ?? []) {
          let form = segment;
          for (let again = 0; again < 8; again++) {
            expect(form.split(/[/\\]/)).not.toContain('..');
            expect(form).not.toContain('\0');
            try {
              form = decodeURIComponent(form);
            } catch {
              break;
            }
          }
        }
      }),
    );
  });
});
