/** Runs that differ in nothing but the seed belong together, and two such groups compare by pairs. */
import { rowName, settingsText } from '../results/names.ts';
import type { EvaluationRecord } from '../store/evaluations.ts';
import type { RunRecord } from '../store/runs.ts';
import type { RunSpecification } from '../training/configuration.ts';
import { configurationHash } from '../training/runFile.ts';

/**
 * Equal for runs that differ in nothing but the seed. Of an interpolation that is the seed of the
 * finished run, and the step at which a forgetting guard may have ended it.
 */
export function groupKey(specification: RunSpecification): string {
  const { interpolation } = specification;
  return configurationHash({
    ...specification,
    seed: 0,
    ...(interpolation && {
      interpolation: { ...interpolation, run: '', configurationHash: '', step: 1 },
    }),
  });
}

export interface ComparedRun {
  readonly record: RunRecord;
  readonly projectName: string;
  readonly specification: RunSpecification;
  readonly folder: string;
  /** At its end. */
  readonly scores: readonly EvaluationRecord[];
}

/** Runs that differ in nothing but the seed, by seed. */
export interface RunGroup {
  readonly label: string;
  readonly runs: readonly ComparedRun[];
}

/**
 * In the order in which the runs were named. A seed that comes again, as the same study in another
 * project, begins another group; runs that differ in the seed alone are compared one by one.
 */
export function groupRuns(runs: readonly ComparedRun[]): RunGroup[] {
  const seen = new Map<string, number>();
  const keyed = Map.groupBy(runs, ({ record, specification }) => {
    const key = groupKey(specification);
    const seed = `${key}/${record.seed}`;
    const repeats = seen.get(seed) ?? 0;
    seen.set(seed, repeats + 1);
    return `${key}/${repeats}`;
  });
  const grouped = keyed.size > 1 ? [...keyed.values()] : runs.map((run) => [run]);
  const sorted = grouped.map((own) => own.toSorted((a, b) => a.record.seed - b.record.seed));
  const names = sorted.map(([{ record, specification }]) => {
    const name = rowName(record.strategy, specification.interpolation?.alpha ?? null);
    return [name, settingsText(specification.parts)].filter((part) => part !== '').join(' ');
  });
  return sorted.map((own, index) => {
    const namesakes = sorted.filter((_, other) => names[other] === names[index]);
    return { label: `${names[index]}${distinction(own, namesakes)}`, runs: own };
  });
}

/** What tells a group from others of its name: its project where that is enough, else a run. */
function distinction(own: readonly ComparedRun[], namesakes: readonly ComparedRun[][]): string {
  if (namesakes.length < 2) return '';
  const projects = new Set(namesakes.map(([{ projectName }]) => projectName));
  const [{ record, projectName }] = own;
  return ` (${projects.size === namesakes.length ? projectName : record.id})`;
}

export interface Pairing<Run = ComparedRun> {
  readonly runs: readonly Run[];
  readonly reference: readonly Run[];
  /** Of the pairs; empty where no seed is common. */
  readonly seeds: number[];
  readonly independent: boolean;
}

/**
 * Runs of common seeds as pairs; the base model, which no seed changes, pairs with every seed. Where
 * no seed is common all runs of both groups count, their seeds drawn independently.
 */
export function pairRuns(group: RunGroup, reference: RunGroup): Pairing {
  const [{ record }] = group.runs;
  const [{ record: referenceRecord }] = reference.runs;
  if (referenceRecord.strategy === 'ndt' && record.strategy !== 'ndt') {
    const all = group.runs.map(() => reference.runs[0]);
    return { runs: group.runs, reference: all, seeds: seedsOf(group.runs), independent: false };
  }
  if (record.strategy === 'ndt' && referenceRecord.strategy !== 'ndt') {
    const all = reference.runs.map(() => group.runs[0]);
    return {
      runs: all,
      reference: reference.runs,
      seeds: seedsOf(reference.runs),
      independent: false,
    };
  }
  return pairBySeed(group.runs, reference.runs, ({ record: { seed } }) => seed);
}

/** Runs of common seeds as pairs; all of both sides, independently, where no seed is common. */
export function pairBySeed<Run>(
  runs: readonly Run[],
  reference: readonly Run[],
  seedOf: (run: Run) => number,
): Pairing<Run> {
  const pairs = runs.flatMap((run) => {
    const partner = reference.find((other) => seedOf(other) === seedOf(run));
    return partner === undefined ? [] : [{ run, partner }];
  });
  if (pairs.length === 0) return { runs, reference, seeds: [], independent: true };
  return {
    runs: pairs.map(({ run }) => run),
    reference: pairs.map(({ partner }) => partner),
    seeds: pairs.map(({ run }) => seedOf(run)),
    independent: false,
  };
}

function seedsOf(runs: readonly ComparedRun[]): number[] {
  return runs.map(({ record }) => record.seed);
}
