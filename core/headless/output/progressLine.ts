/** One line on standard error that says where long work stands. */
import type { Output } from '../environment.ts';

const REDRAW_MILLISECONDS = 100;
const REPEAT_MILLISECONDS = 10_000;

/**
 * On a terminal the line is redrawn in place. In a log it is a new line, at most one in ten
 * seconds, so that a night's run does not fill a disk.
 */
export class ProgressLine {
  readonly #output: Output;
  readonly #now: () => number;
  #shown = '';
  #lastTime = -Infinity;

  constructor(output: Output, now: () => number = Date.now) {
    this.#output = output;
    this.#now = now;
    // Work that is over soon leaves no trace in a log.
    if (!output.isTerminal) this.#lastTime = now();
  }

  update(text: string): void {
    const waited = this.#now() - this.#lastTime;
    if (waited < (this.#output.isTerminal ? REDRAW_MILLISECONDS : REPEAT_MILLISECONDS)) return;
    this.#lastTime = this.#now();
    if (!this.#output.isTerminal) {
      this.#output.write(`${text}\n`);
      return;
    }
    const room = Math.max(20, this.#output.columns - 1);
    this.#shown = [...text].slice(0, room).join('');
    this.#output.write(`\r${this.#shown}\u001b[K`);
  }

  /** A line that stays, above the one that moves. */
  note(text: string): void {
    this.clear();
    this.#output.write(`${text}\n`);
  }

  clear(): void {
    if (this.#shown !== '') this.#output.write('\r\u001b[K');
    this.#shown = '';
    if (this.#output.isTerminal) this.#lastTime = -Infinity;
  }
}
