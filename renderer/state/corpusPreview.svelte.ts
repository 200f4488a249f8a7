/** A look into the files of an import that follows what a person chooses: only the last one counts. */
import type { Request } from '../../core/workbench/contract.ts';
import type { CorpusPreview } from '../../core/workbench/schemas/corpusPreview.ts';
import { isAborted, reportOf } from '../client/errors.ts';
import type { ErrorReport } from '../client/errors.ts';
import { workbench } from './workbench.svelte.ts';

/** Choices come in quick succession, such as the letters of a name. */
const WAIT_MILLISECONDS = 250;

export class CorpusLook {
  #preview = $state.raw<CorpusPreview | undefined>();
  #failure = $state.raw<ErrorReport | undefined>();
  #isReading = $state(false);
  #asked = '';
  #stop: AbortController | undefined;

  /** Of the last look that came to its end; stays while another one is at work. */
  get preview(): CorpusPreview | undefined {
    return this.#preview;
  }

  /** Why there is nothing to look into. */
  get failure(): ErrorReport | undefined {
    return this.#failure;
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  /** Looks after a short wait, and stops the look before. */
  at(request: Request<'corpora/preview'>): void {
    const asked = JSON.stringify(request);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.#isReading = true;
    setTimeout(() => {
      if (!stop.signal.aborted) void this.#read(request, stop);
    }, WAIT_MILLISECONDS);
  }

  /** No files: what was seen of others is forgotten. */
  clear(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    this.#asked = '';
    this.#isReading = false;
    this.#preview = undefined;
    this.#failure = undefined;
  }

  /** Stops a look at work; the next choice begins another. */
  pause(): void {
    if (!this.#isReading) return;
    this.#stop?.abort();
    this.#isReading = false;
    this.#asked = '';
  }

  async #read(request: Request<'corpora/preview'>, stop: AbortController): Promise<void> {
    try {
      const preview = await workbench.call('corpora/preview', request, { signal: stop.signal });
      if (stop !== this.#stop || stop.signal.aborted) return;
      this.#preview = preview;
      this.#failure = undefined;
    } catch (error) {
      if (stop !== this.#stop || stop.signal.aborted) return;
      this.#preview = undefined;
      this.#failure = isAborted(error) ? undefined : reportOf(error);
    }
    this.#isReading = false;
  }
}
