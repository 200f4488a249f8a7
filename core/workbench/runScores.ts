/** The scores of runs, as the table of a project and a diff of runs take them. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { UserError } from '../base/errors.ts';
import { readScores } from '../evaluation/scoresFile.ts';
import { differencesWithPauses } from '../evaluation/statistics.ts';
import type { Comparison, Difference, DocumentSums } from '../evaluation/statistics.ts';
import type { EvaluationRecord } from '../store/evaluations.ts';

/** The scores of one phase, one a set: the last of each, `evaluations` being in the order of steps. */
export function scoresOfPhase(
  evaluations: readonly EvaluationRecord[],
  phase: 'before' | 'after',
): EvaluationRecord[] {
  const found = new Map<string, EvaluationRecord>();
  for (const one of evaluations) if (one.phase === phase) found.set(setKey(one), one);
  return [...found.values()];
}

/** Role, split and name: what tells the sets of one run apart. */
export function setKey({ role, split, name }: Pick<EvaluationRecord, 'role' | 'split' | 'name'>) {
  return `${role}/${split}/${name}`;
}

/** Σ loss / Σ tokens over several sets, nats a masked token. */
export function lossOver(evaluations: readonly EvaluationRecord[]): number {
  const [only, ...others] = evaluations;
  if (others.length === 0) return only.nll;
  const tokens = evaluations.reduce((sum, one) => sum + one.tokens, 0);
  return evaluations.reduce((sum, one) => sum + one.nll * one.tokens, 0) / tokens;
}

/** Sums over documents, and the hashes of the files they were read from. */
export interface KeyedSums {
  readonly key: string;
  readonly sums: DocumentSums;
}

/** Reads the scores files of many runs, each content once. */
export class ScoreFiles {
  readonly #known = new Map<string, DocumentSums>();
  /** Documents of each set, in the order in which every run scores them. */
  readonly #documents = new Map<string, Uint32Array>();

  /**
   * Sums by document over several sets, one set after the other.
   * @throws UserError `evaluation/damaged-scores`
   */
  read(runFolder: string, evaluations: readonly EvaluationRecord[]): KeyedSums {
    const key = evaluations.map(({ scoresHash }) => scoresHash).join(' ');
    let sums = this.#known.get(key);
    if (sums === undefined) {
      const parts = evaluations.map((evaluation) => this.#readOne(runFolder, evaluation));
      sums = parts.length === 1 ? parts[0] : joined(parts);
      this.#known.set(key, sums);
    }
    return { key, sums };
  }

  #readOne(runFolder: string, { scoresPath, scoresHash, setHash }: EvaluationRecord): DocumentSums {
    const path = join(runFolder, scoresPath);
    const { document, lossSum, tokens } = readScores(path, scoresHash);
    const expected = this.#documents.get(setHash) ?? document;
    this.#documents.set(setHash, expected);
    if (Buffer.compare(bytesOf(document), bytesOf(expected)) !== 0) {
      throw new UserError(
        'evaluation/damaged-scores',
        `The scores in ${path} are not of the documents of their set.`,
        'Restore the run folder from a copy, or run the project again.',
      );
    }
    return { lossSum, weight: tokens };
  }
}

function bytesOf(values: Uint32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function joined(parts: readonly DocumentSums[]): DocumentSums {
  const all = (values: readonly ArrayLike<number>[]): Float64Array =>
    Float64Array.from(values.flatMap((part) => Array.from(part)));
  return {
    lossSum: all(parts.map(({ lossSum }) => lossSum)),
    weight: all(parts.map(({ weight }) => weight)),
  };
}

export interface KeyedComparison {
  readonly a: readonly KeyedSums[];
  readonly b: readonly KeyedSums[];
  readonly seeds?: Comparison['seeds'];
}

const REMEMBERED = 2000;

/**
 * Differences with intervals; those computed before, or being computed, are remembered by what they
 * are computed from. Thousands of documents take seconds, in which the thread still answers others.
 */
export class Differences {
  readonly #known = new Map<string, Promise<Difference>>();

  /** All comparisons are on the same documents. */
  async of(comparisons: readonly KeyedComparison[]): Promise<Difference[]> {
    const { promise: computed, resolve } = Promise.withResolvers<Difference[]>();
    const missing: KeyedComparison[] = [];
    const asked = comparisons.map((comparison) => {
      const key = keyOf(comparison);
      let difference = this.#known.get(key);
      if (difference === undefined) {
        const index = missing.push(comparison) - 1;
        difference = computed.then((differences) => differences[index]);
      }
      this.#remember(key, difference);
      return difference;
    });
    resolve(computedWithPauses(missing));
    try {
      return await Promise.all(asked);
    } catch (error) {
      this.#known.clear();
      throw error;
    }
  }

  #remember(key: string, difference: Promise<Difference>): void {
    // A Map keeps the order of insertion: what was used longest ago goes first.
    this.#known.delete(key);
    this.#known.set(key, difference);
    const [oldest] = this.#known.keys();
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
  }
}

function keyOf({ a, b, seeds = 'paired' }: KeyedComparison): string {
  return [seeds, ...a.map(({ key }) => key), '-', ...b.map(({ key }) => key)].join('\n');
}

async function computedWithPauses(comparisons: readonly KeyedComparison[]): Promise<Difference[]> {
  const plain = (side: readonly KeyedSums[]): DocumentSums[] => side.map(({ sums }) => sums);
  const work = differencesWithPauses(
    comparisons.map(({ a, b, seeds = 'paired' }) => ({ a: plain(a), b: plain(b), seeds })),
  );
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await setImmediate();
  }
}
