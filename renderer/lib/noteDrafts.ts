/** Notes that were typed and not saved, by run: what is left by Escape is there when it is opened again. */

export class NoteDrafts {
  readonly #texts = new Map<string, string>();

  /** The text to go on with, and whether it is not the saved one. */
  open(run: string, saved: string | null): { readonly text: string; readonly isDraft: boolean } {
    const draft = this.#texts.get(run);
    return { text: draft ?? saved ?? '', isDraft: draft !== undefined };
  }

  /** Left without saving: returns whether there is something to keep. */
  leave(run: string, text: string, saved: string | null): boolean {
    const isChanged = text.trim() !== (saved ?? '').trim();
    if (isChanged) this.#texts.set(run, text);
    else this.#texts.delete(run);
    return isChanged;
  }

  /** Saved, or given up on purpose. */
  drop(run: string): void {
    this.#texts.delete(run);
  }
}

/** Of this window. A note may quote a corpus, so it is kept nowhere else until it is saved. */
export const noteDrafts = new NoteDrafts();
