/** Tags and notes as they are typed. */

/** Of core/workbench/schemas/annotations.ts, in UTF-16 code units; a test holds them equal. */
export const LONGEST_TAG = 60;
export const LONGEST_NOTE = 4000;

/** The tags of a comma-separated line that a run does not have yet. */
export function addedTags(typed: string, has: readonly string[]): string[] {
  const tags = typed.split(',').map((tag) => tag.replace(/\s+/g, ' ').trim());
  return [...new Set(tags)].filter((tag) => tag !== '' && !has.includes(tag));
}
