/** "a, b and 3 more": the first items of a list that may be long, for a sentence. */
export function listed(items: readonly string[], most: number, separator = ', '): string {
  const more = items.length - most;
  const shown = items.slice(0, most).join(separator);
  return more > 0 ? `${shown} and ${more} more` : shown;
}
