/** Which corpora calls are reading at this moment, so that none is purged under a reader. */
export class CorpusUse {
  readonly #readers = new Map<string, number>();

  async reading<Result>(corpora: Iterable<string>, action: () => Promise<Result>): Promise<Result> {
    const ids = new Set(corpora);
    for (const id of ids) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
    try {
      return await action();
    } finally {
      for (const id of ids) this.#readers.set(id, (this.#readers.get(id) ?? 1) - 1);
    }
  }

  isRead(corpusId: string): boolean {
    return (this.#readers.get(corpusId) ?? 0) > 0;
  }
}
