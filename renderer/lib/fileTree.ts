/** Trees of files, whatever holds them. */

/**
 * The files below some roots, by breadth. `children` gives what a folder holds, undefined for a file.
 * Calls `tooMany` once a file more than `most` is met: a part of a tree is never taken for the whole.
 */
export async function filesBelow<Entry>(
  roots: readonly Entry[],
  children: (entry: Entry) => Promise<readonly Entry[]> | undefined,
  most: number,
  tooMany: () => Error,
): Promise<Entry[]> {
  const files: Entry[] = [];
  const waiting = [...roots];
  // No `shift`, which would move all that waits, each time.
  for (let next = 0; next < waiting.length; next++) {
    const entry = waiting[next];
    if (entry === undefined) break;
    const inside = children(entry);
    if (inside !== undefined) {
      waiting.push(...(await inside));
    } else {
      if (files.length === most) throw tooMany();
      files.push(entry);
    }
  }
  return files;
}
