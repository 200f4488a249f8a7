import { MAXIMUM_RECORD_LENGTH, recordTooLong } from './records.ts';

/**
 * Cuts text that comes in chunks into lines. `\n`, `\r\n` and a lone `\r` end a line; the end of
 * the text ends one only when something follows the last line end. Throws a UserError that names
 * the line when one is longer than MAXIMUM_RECORD_LENGTH, before it is held whole.
 */
export class LineSplitter {
  readonly #name: string;
  readonly #hint: string;
  #partial = '';
  #heldReturn = false;
  #linesDone = 0;

  constructor(name: string, hintWhenTooLong: string) {
    this.#name = name;
    this.#hint = hintWhenTooLong;
  }

  /** Number of the line that `push` or `end` returns first, counted from 1. */
  get nextLine(): number {
    return this.#linesDone + 1;
  }

  push(chunk: string): string[] {
    let text = this.#heldReturn ? `\r${chunk}` : chunk;
    // Whether a `\n` follows is seen in the next chunk.
    this.#heldReturn = text.endsWith('\r');
    if (this.#heldReturn) text = text.slice(0, -1);
    if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n');
    const lines = text.split('\n');
    lines[0] = this.#partial + lines[0];
    this.#partial = lines.pop() ?? '';
    // Only the first and the last line can be longer than a chunk.
    this.#check(lines[0] ?? '', this.nextLine);
    this.#check(this.#partial, this.nextLine + lines.length);
    this.#linesDone += lines.length;
    return lines;
  }

  end(): string[] {
    const lines = this.#partial === '' && !this.#heldReturn ? [] : [this.#partial];
    this.#partial = '';
    this.#heldReturn = false;
    this.#linesDone += lines.length;
    return lines;
  }

  #check(line: string, number: number): void {
    if (line.length > MAXIMUM_RECORD_LENGTH) {
      throw recordTooLong(`Line ${number} of ${this.#name}`, this.#hint);
    }
  }
}
