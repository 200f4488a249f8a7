import { describe, expect, test } from 'vitest';
import { filesBelow } from '../../../../renderer/lib/fileTree.ts';

/** A file's name, or a folder's entries. */
type Tree = string | readonly Tree[];

const below = (roots: readonly Tree[], most: number): Promise<Tree[]> =>
  filesBelow(
    roots,
    (entry) => (typeof entry === 'string' ? undefined : Promise.resolve(entry)),
    most,
    () => new Error('too many'),
  );

describe('files below some roots', () => {
  test('are found at every depth', async () => {
    const found = await below(['a', ['b', ['c', []], ['d']], [], 'e'], 5);
    expect(found.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('are none in empty folders', async () => {
    expect(await below([[], [[], [[]]]], 5)).toEqual([]);
  });

  test('are all there or none', async () => {
    await expect(below(['a', ['b', ['c']]], 3)).resolves.toHaveLength(3);
    await expect(below(['a', ['b', ['c', 'd']]], 3)).rejects.toThrow('too many');
  });
});
