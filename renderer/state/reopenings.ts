/** A connection that opens again after a break: what was said meanwhile is lost and has to be read anew. */
export class Reopenings {
  /** What listens, and whether a break has been seen since it does. */
  readonly #listeners = new Map<symbol, { readonly callback: () => void; hadBreak: boolean }>();
  #isOpen = false;

  /** At every change of the connection. */
  hear(isOpen: boolean): void {
    const wasOpen = this.#isOpen;
    this.#isOpen = isOpen;
    if (wasOpen === isOpen) return;
    for (const listener of [...this.#listeners.values()]) {
      if (!isOpen) {
        listener.hadBreak = true;
      } else if (listener.hadBreak) {
        listener.hadBreak = false;
        listener.callback();
      }
    }
  }

  /**
   * Calls back whenever the connection has opened again, until the returned function is called. The
   * first opening of one that is not open yet is none: what is asked before waits for it.
   */
  listen(callback: () => void): () => void {
    const key = Symbol();
    this.#listeners.set(key, { callback, hadBreak: false });
    return () => {
      this.#listeners.delete(key);
    };
  }
}
