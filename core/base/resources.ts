/** Where the files lie that come with the program and are no code. */
import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A path inside `resources/`: beside the sources, beside a build of them, which is laid out the same,
 * and of a packaged program outside its archive, where any process can read it.
 */
export function resourcePath(...parts: readonly string[]): string {
  const path = join(fileURLToPath(new URL('../../resources', import.meta.url)), ...parts);
  const unpacked = path.replace(`app.asar${sep}`, `app.asar.unpacked${sep}`);
  return existsSync(unpacked) ? unpacked : path;
}
