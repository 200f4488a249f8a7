/** The results of a project: its completed runs as a table of strategies, with intervals. */
import { UserError } from '../../base/errors.ts';
import { groupRuns, resultRows } from '../../results/rows.ts';
import type { RowComparisons, ScoredRun } from '../../results/rows.ts';
import type { EvaluationRecord } from '../../store/evaluations.ts';
import type { RunRecord } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { CheckedRequest, Handlers } from '../calls.ts';
import { findLatestProject } from '../find.ts';
import { resolveInHome } from '../home.ts';
import type { Home } from '../home.ts';
import { madeChoices } from '../projectChoices.ts';
import { hasEnds } from '../results.ts';
import type { ProjectResults } from '../results.ts';
import { groupKey, pairBySeed } from '../runGroups.ts';
import { ScoreFiles, lossOver, scoresOfPhase, setKey } from '../runScores.ts';
import type { Differences, KeyedComparison, KeyedSums } from '../runScores.ts';
import { loadSpecification } from '../storedSpecification.ts';

type Role = 'source' | 'target';

/** A run with its scores on one split. */
interface LoadedRun extends ScoredRun {
  readonly folder: string;
  readonly scores: Readonly<Record<'before' | 'after', readonly EvaluationRecord[]>>;
}

export function resultsHandlers(
  home: Home,
  store: Store,
  differences: Differences,
): Handlers<'projects/results'> {
  return {
    'projects/results': (request) => projectResults(home, store, differences, request),
  };
}

/** @throws UserError `results/different-sets`, `results/not-scored`, `evaluation/damaged-scores` */
async function projectResults(
  home: Home,
  store: Store,
  differences: Differences,
  { project: word, split }: CheckedRequest<'projects/results'>,
): Promise<ProjectResults> {
  const { id, name } = findLatestProject(store, word);
  const records = store.runs.list({ projectId: id }).filter(({ purpose }) => purpose !== 'sweep');
  const runs = records
    .filter(({ state }) => state === 'completed')
    .map((record) => loadRun(home, store, record, split));
  requireEqualSets(runs, split);
  const groups = groupRuns(runs);
  const files = new ScoreFiles();
  const choices = [...madeChoices(store, id).values()];
  return {
    project: { id, name },
    split,
    rows: resultRows(groups, await comparisonsOf(groups, files, differences)),
    choices,
    // One that was archived before its end is not waited for.
    unfinished: records.filter(
      ({ state, archivedAt }) =>
        state !== 'completed' && state !== 'cancelled' && archivedAt === null,
    ).length,
    sets: runs
      .slice(0, 1)
      .flatMap(({ folder, scores }) => scores.after.map((set) => setOf(set, folder, files))),
  };
}

function loadRun(
  home: Home,
  store: Store,
  record: RunRecord,
  split: ProjectResults['split'],
): LoadedRun {
  const specification = loadSpecification(home, record.configuration);
  const evaluations = store.evaluations.list(record.id).filter((one) => one.split === split);
  const before = scoresOfPhase(evaluations, 'before');
  const ended = scoresOfPhase(evaluations, 'after');
  const after = ended.length === 0 && record.strategy === 'ndt' ? before : ended;
  const losses = (scores: readonly EvaluationRecord[]) => {
    const ofRole = (role: Role): number => {
      const own = scores.filter((one) => one.role === role);
      if (own.length === 0) throw notScored(record, role, split);
      return lossOver(own);
    };
    return { source: ofRole('source'), target: ofRole('target') };
  };
  return {
    id: record.id,
    group: groupKey(specification),
    strategy: record.strategy,
    parts: specification.parts,
    alpha: specification.interpolation?.alpha ?? null,
    seed: record.seed,
    before: losses(before),
    after: losses(after),
    stepSeconds: stepSeconds(store, record),
    folder: resolveInHome(home, record.folder),
    scores: { before, after },
  };
}

/**
 * Seconds a step between any two measurements, evaluations left out. Runs of before the building of
 * graphs was told apart have it in the first stretches, which a median passes over.
 */
function stepSeconds(store: Store, { id, purpose }: RunRecord): number[] {
  if (purpose === 'interpolation') return [];
  const points = store.metrics.series(id, ['train/seconds'])[0]?.points ?? [];
  const start = { step: 0, value: 0 };
  return points.flatMap(({ step, value }, index) => {
    const before = points[index - 1] ?? start;
    return step === before.step ? [] : (value - before.value) / (step - before.step);
  });
}

function setOf(
  set: EvaluationRecord,
  folder: string,
  files: ScoreFiles,
): ProjectResults['sets'][number] {
  const { role, name, setHash } = set;
  return { role, name, setHash, documents: files.read(folder, [set]).sums.lossSum.length };
}

/** Every group but the base model's, against the base model as the same runs scored it and the others. */
async function comparisonsOf(
  groups: readonly (readonly LoadedRun[])[],
  files: ScoreFiles,
  differences: Differences,
): Promise<RowComparisons[]> {
  const tuned = groups.filter(([run]) => run.strategy !== 'ndt');
  const sumsOf = (role: Role, phase: 'before' | 'after') => (run: LoadedRun) =>
    files.read(
      run.folder,
      run.scores[phase].filter((one) => one.role === role),
    );
  const compared = async (role: Role) => {
    const [before, after] = [sumsOf(role, 'before'), sumsOf(role, 'after')];
    const changes = tuned.map((runs): KeyedComparison =>
      role === 'source'
        ? { a: runs.map(after), b: runs.map(before) }
        : { a: runs.map(before), b: runs.map(after) },
    );
    const lowest = lowestOf(tuned, role);
    const others = tuned.filter((runs) => runs !== lowest);
    const toOthers = others.map((runs) => endLosses(lowest, runs, after));
    const all = await differences.of([...changes, ...toOthers]);
    const isBelowAll = all.slice(tuned.length).every((one) => hasEnds(one) && one.high < 0);
    return { changes: all, lowest: others.length > 0 && isBelowAll ? lowest : undefined };
  };
  const [source, target] = [await compared('source'), await compared('target')];
  return groups.map((runs) => {
    const index = tuned.indexOf(runs);
    return {
      intervals:
        index === -1 ? null : { forgetting: source.changes[index], gain: target.changes[index] },
      lowest: { source: runs === source.lowest, target: runs === target.lowest },
    };
  });
}

function lowestOf(groups: readonly (readonly LoadedRun[])[], role: Role): readonly LoadedRun[] {
  const mean = (runs: readonly LoadedRun[]): number =>
    runs.reduce((sum, { after }) => sum + after[role], 0) / runs.length;
  const [lowest = []] = groups.toSorted((a, b) => mean(a) - mean(b));
  return lowest;
}

function endLosses(
  a: readonly LoadedRun[],
  b: readonly LoadedRun[],
  sums: (run: LoadedRun) => KeyedSums,
): KeyedComparison {
  const { runs, reference, independent } = pairBySeed(a, b, ({ seed }) => seed);
  return {
    a: runs.map(sums),
    b: reference.map(sums),
    seeds: independent ? 'independent' : 'paired',
  };
}

/** Losses on other sets are other quantities: they do not belong in one table. */
function requireEqualSets(runs: readonly LoadedRun[], split: string): void {
  const [first, ...others] = runs;
  if (first === undefined) return;
  const { before, after } = first.scores;
  for (const run of [first, ...others]) {
    for (const scores of [run.scores.before, run.scores.after]) {
      for (const one of scores) {
        const expected = after.find((other) => setKey(other) === setKey(one));
        if (expected?.setHash !== one.setHash) throw otherSet(first, run, one, split);
      }
      const missing = [...before, ...after].find(
        (one) => !scores.some((other) => setKey(other) === setKey(one)),
      );
      if (missing !== undefined) throw otherSet(first, run, missing, split);
    }
  }
}

function otherSet(first: LoadedRun, run: LoadedRun, set: EvaluationRecord, split: string) {
  return new UserError(
    'results/different-sets',
    `Run ${run.id} and run ${first.id} were not scored on the same ${set.role} ${split} set "${set.name}".`,
    `Their losses cannot stand in one table; "palimpsest runs diff ${first.id} ${run.id}" says how the sets differ.`,
  );
}

function notScored(run: RunRecord, role: Role, split: string): UserError {
  return new UserError(
    'results/not-scored',
    `Run ${run.id} (${run.name}) has no ${role} loss on the ${split} split.`,
    'Its evaluations are missing: restore the run folder and import it, or cancel the run and run the project again.',
  );
}
