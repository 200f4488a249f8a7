/** Drawing that is asked for many times and done once, in the next frame. */
export class FrameTask {
  #handle: number | undefined;
  #planned: (() => void) | undefined;
  #rank = 0;

  /** Replaces what is planned, unless that has a higher rank: an update draws too. */
  plan(rank: number, task: () => void): void {
    if (this.#planned === undefined || rank >= this.#rank) {
      this.#planned = task;
      this.#rank = rank;
    }
    this.#handle ??= requestAnimationFrame(() => {
      const planned = this.#planned;
      this.stop();
      planned?.();
    });
  }

  stop(): void {
    if (this.#handle !== undefined) cancelAnimationFrame(this.#handle);
    this.#handle = undefined;
    this.#planned = undefined;
  }
}
