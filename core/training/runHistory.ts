import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { hashFile } from '../base/files.ts';
import { EventLog } from './eventLog.ts';
import type { NewRunEvent } from './eventLog.ts';
import type { RunEvent } from './events.ts';

export type EvaluationEvent = Extract<RunEvent, { type: 'evaluation' }>;

/** An evaluation is the same when all of these are. */
export type EvaluationKey = Pick<
  EvaluationEvent,
  'step' | 'phase' | 'role' | 'split' | 'name' | 'setHash'
>;

/**
 * The valid events of a run, this attempt's among them. What is a function of the past, the best step
 * and which evaluations are done, is read from here and stored nowhere else.
 */
export class RunHistory {
  readonly attempt: number;
  readonly #folder: string;
  readonly #log: EventLog;
  readonly #publish: (event: RunEvent) => void;
  #events: readonly RunEvent[];

  constructor(runFolder: string, run: string, publish: (event: RunEvent) => void) {
    this.#folder = runFolder;
    this.#log = new EventLog(runFolder, run);
    this.#publish = publish;
    this.#events = this.#log.earlier;
    this.attempt = this.#log.attempt;
  }

  get completed(): boolean {
    return this.#events.some((event) => event.type === 'ended' && event.outcome === 'completed');
  }

  /** Writes the event to disk and tells the parent. */
  add(event: NewRunEvent): void {
    const added = this.#log.append(event);
    if (added.type === 'started') {
      const resumedAt = added.resumedFrom ?? 0;
      this.#events = this.#events.filter(({ step }) => step <= resumedAt);
    }
    // Thousands of metrics would be held for nothing.
    if (added.type !== 'metrics') this.#events = [...this.#events, added];
    this.#publish(added);
  }

  /** The evaluation with these properties when it was made and its scores are still as written. */
  async evaluation(key: EvaluationKey): Promise<EvaluationEvent | undefined> {
    const found = this.#evaluations().find((event) =>
      (['step', 'phase', 'role', 'split', 'name', 'setHash'] as const).every(
        (property) => event[property] === key[property],
      ),
    );
    if (found === undefined) return undefined;
    const path = join(this.#folder, found.scoresPath);
    return existsSync(path) && (await hashFile(path)) === found.scoresHash ? found : undefined;
  }

  /** Whether the checkpoint of this step was told of. */
  knowsCheckpoint(step: number): boolean {
    return this.#events.some((event) => event.type === 'checkpoint' && event.step === step);
  }

  /**
   * The step with the least validation loss on the target, Σ loss / Σ tokens over those sets; the
   * earlier of equals, step 0 (the base model) included.
   */
  best(): { step: number; nll: number } | undefined {
    const sums = new Map<number, { loss: number; tokens: number; names: Set<string> }>();
    for (const event of this.#evaluations()) {
      if (event.role !== 'target' || event.split !== 'validation') continue;
      const sum = sums.get(event.step) ?? { loss: 0, tokens: 0, names: new Set() };
      if (sum.names.has(event.name)) continue;
      sum.names.add(event.name);
      sum.loss += event.nll * event.tokens;
      sum.tokens += event.tokens;
      sums.set(event.step, sum);
    }
    let best: { step: number; nll: number } | undefined;
    for (const [step, { loss, tokens }] of [...sums].sort(([a], [b]) => a - b)) {
      if (best === undefined || loss / tokens < best.nll) best = { step, nll: loss / tokens };
    }
    return best;
  }

  #evaluations(): EvaluationEvent[] {
    return this.#events.filter((event) => event.type === 'evaluation');
  }

  close(): void {
    this.#log.close();
  }
}
