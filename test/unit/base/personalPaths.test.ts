import { describe, expect, it } from 'vitest';
import { withoutUser } from '../../../core/base/personalPaths.ts';

const mira = { folder: '/home/mira', name: 'mira' };

describe('withoutUser', () => {
  it.each([
    ['/home/mira/data', '~/data'],
    ['/home/mira', '~'],
    ['No library at "/home/mira/lib": it is missing.', 'No library at "~/lib": it is missing.'],
    ['/mnt/disk/mira/palimpsest', '/mnt/disk/<user>/palimpsest'],
    ['/home/miranda/data', '/home/miranda/data'],
    ['/home/mira-old/data and admirable', '/home/mira-old/data and admirable'],
  ])('%s', (text, shown) => {
    expect(withoutUser(text, mira)).toBe(shown);
  });

  it('knows the paths of Windows, and names with signs of patterns', () => {
    const user = { folder: 'C:\\Users\\m.(x)', name: 'm.(x)' };
    expect(withoutUser('C:\\Users\\m.(x)\\AppData', user)).toBe('~\\AppData');
    expect(withoutUser('D:\\m.(x)\\data', user)).toBe('D:\\<user>\\data');
  });

  it('changes nothing for a user without a name or with the root as a folder', () => {
    expect(withoutUser('/data/x', { folder: '/', name: '' })).toBe('/data/x');
  });
});
