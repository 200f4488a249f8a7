/** The results of a project: its completed runs as a table of strategies, with intervals. */
import { UserError } from '../../base/errors.ts';
import { groupRuns, resultRows } from '../../results/rows.ts';
import type { RowIntervals, ScoredRun } from '../../results/rows.ts';
import type { EvaluationRecord } from '../../store/evaluations.ts';
import type { RunRecord } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { CheckedRequest, Handlers } from '../calls.ts';
import { findLatestProject } from '../find.ts';
import { resolveInHome } from '../home.ts';
import type { Home } from '../home.ts';
import { madeChoices } from '../projectChoices.ts';
import type { ProjectResults } from '../results.ts';
import { groupKey } from '../runGroups.ts';
import { ScoreFiles, lossOver, scoresOfPhase, setKey } from '../runScores.ts';
import type { Differences } from '../runScores.ts';
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
function projectResults(
  home: Home,
  store: Store,
  differences: Differences,
  { project: word, split }: CheckedRequest<'projects/results'>,
): ProjectResults {
  const { id, name } = findLatestProject(store, word);
  const records = store.runs.list({ projectId: id }).filter(({ purpose }) => purpose !== 'sweep');
  const runs = records
    .filter(({ state }) => state === 'completed')
    .map((record) => loadRun(home, store, record, split));
  requireEqualSets(runs, split);
  const groups = groupRuns(runs);
  return {
    project: { id, name },
    split,
    rows: resultRows(groups, intervalsOf(groups, differences)),
    choices: [...madeChoices(store, id).values()],
    // One that was archived before its end is not waited for.
    unfinished: records.filter(
      ({ state, archivedAt }) =>
        state !== 'completed' && state !== 'cancelled' && archivedAt === null,
    ).length,
    sets: (runs[0]?.scores.after ?? []).map(({ role, name: set, setHash }) => ({
      role,
      name: set,
      setHash,
    })),
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

/** Of every group but the base model's, over the base model as the same runs scored it. */
function intervalsOf(
  groups: readonly (readonly LoadedRun[])[],
  differences: Differences,
): (RowIntervals | null)[] {
  const files = new ScoreFiles();
  const sums = (role: Role, phase: 'before' | 'after') => (run: LoadedRun) =>
    files.read(
      run.folder,
      run.scores[phase].filter((one) => one.role === role),
    );
  const tuned = groups.filter(([run]) => run.strategy !== 'ndt');
  const forgetting = differences.of(
    tuned.map((runs) => ({
      a: runs.map(sums('source', 'after')),
      b: runs.map(sums('source', 'before')),
    })),
  );
  const gain = differences.of(
    tuned.map((runs) => ({
      a: runs.map(sums('target', 'before')),
      b: runs.map(sums('target', 'after')),
    })),
  );
  return groups.map((runs) => {
    const index = tuned.indexOf(runs);
    return index === -1 ? null : { forgetting: forgetting[index], gain: gain[index] };
  });
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
