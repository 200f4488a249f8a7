/** What screen readers are told: changes of state, not every step. */

class Announcer {
  #polite = $state('');
  #urgent = $state('');

  get polite(): string {
    return this.#polite;
  }

  get urgent(): string {
    return this.#urgent;
  }

  /** When the person pauses. */
  say(message: string): void {
    this.#polite = fresh(message, this.#polite);
  }

  /** At once: only for what needs a person now. */
  warn(message: string): void {
    this.#urgent = fresh(message, this.#urgent);
  }
}

/** The same words said again have to differ in the document to be heard again. */
function fresh(message: string, last: string): string {
  return message === last ? `${message}\u00a0` : message;
}

export const announcer = new Announcer();
