/**
 * What is asked in the playground and what came back. It lives as long as the window: the text may be
 * of a corpus, so it goes neither into the address nor into the browser's storage.
 */
import type { Reply } from '../../core/workbench/contract.ts';
import { isAborted, reportOf } from '../client/errors.ts';
import type { ErrorReport } from '../client/errors.ts';
import type { Predictor } from '../lib/predictors.ts';
import { announcer } from './announcer.svelte.ts';
import { workbench } from './workbench.svelte.ts';

class Playground {
  text = $state('');
  topK = $state(10);
  #reply = $state.raw<Reply<'models/fill-mask'> | undefined>(undefined);
  #failure = $state.raw<ErrorReport | undefined>(undefined);
  #isAsking = $state(false);
  #stop: AbortController | undefined;

  get reply(): Reply<'models/fill-mask'> | undefined {
    return this.#reply;
  }

  get failure(): ErrorReport | undefined {
    return this.#failure;
  }

  get isAsking(): boolean {
    return this.#isAsking;
  }

  /** A new asking takes the place of one at work. Never rejects. */
  async ask(predictors: readonly Predictor[]): Promise<void> {
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.#isAsking = true;
    this.#failure = undefined;
    const { text, topK } = this;
    try {
      const request = { text, topK, predictors: [...predictors] };
      const reply = await workbench.call('models/fill-mask', request, { signal: stop.signal });
      if (this.#stop !== stop) return;
      this.#reply = reply;
      const [first] = reply.predictors;
      if (first !== undefined) announcer.say(`Masks filled: ${first.masks.length}.`);
    } catch (error) {
      if (this.#stop !== stop || isAborted(error)) return;
      this.#failure = reportOf(error);
      this.#reply = undefined;
    } finally {
      if (this.#stop === stop) this.#isAsking = false;
    }
  }

  stop(): void {
    this.#stop?.abort();
  }
}

export const playground = new Playground();
