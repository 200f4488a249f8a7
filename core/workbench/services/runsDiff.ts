/** What differs between runs: their configurations, and their losses on the sets that they share. */
import { UserError } from '../../base/errors.ts';
import { hashJson } from '../../base/files.ts';
import { spreadOf } from '../../results/rows.ts';
import type { EvaluationRecord } from '../../store/evaluations.ts';
import type { RunRecord } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { Handlers } from '../calls.ts';
import { findLatestProject, findRun } from '../find.ts';
import { resolveInHome } from '../home.ts';
import type { Home } from '../home.ts';
import { comparableSettings } from '../comparableSettings.ts';
import type { RunsDiff } from '../results.ts';
import { groupRuns, pairRuns } from '../runGroups.ts';
import type { ComparedRun, RunGroup } from '../runGroups.ts';
import { ScoreFiles, scoresOfPhase, setKey } from '../runScores.ts';
import type { Differences, KeyedComparison } from '../runScores.ts';
import { whyNotComparable } from '../setDifferences.ts';
import { loadSpecification } from '../storedSpecification.ts';

type Metric = RunsDiff['metrics'][number];

export function runsDiffHandlers(
  home: Home,
  store: Store,
  differences: Differences,
): Handlers<'runs/diff'> {
  return {
    'runs/diff': async ({ runs: words }) => {
      const records = words.flatMap((word) => runsMeant(store, word));
      requireComparison(records);
      const groups = groupRuns(records.map((record) => loadRun(home, store, record)));
      const files = new ScoreFiles();
      const metrics: Metric[] = [];
      for (const set of sharedSets(groups)) {
        metrics.push(await metricOf(set, groups, files, differences));
      }
      return {
        groups: groups.map(({ label, runs }) => ({
          label,
          runs: runs.map(({ record: { id, seed } }) => ({ id, seed })),
        })),
        configuration: configurationDifferences(groups),
        metrics,
        notComparable: whyNotComparable(groups),
      };
    },
  };
}

/** A run, or "project/strategy": the completed runs of a strategy that fill the project's table. */
function runsMeant(store: Store, word: string): RunRecord[] {
  const slash = word.lastIndexOf('/');
  if (slash === -1) return [findRun(store, word)];
  const project = findLatestProject(store, word.slice(0, slash));
  const strategy = word.slice(slash + 1).toLowerCase();
  const results = store.runs
    .list({ projectId: project.id, state: 'completed' })
    .filter(({ purpose }) => purpose === 'result');
  const found = results.filter((run) => run.strategy === strategy);
  if (found.length > 0) return found;
  const known = [...new Set(results.map((run) => run.strategy))].join(', ');
  throw new UserError(
    'run/not-found',
    `Project "${project.name}" has no completed run of the strategy "${strategy}".`,
    known === '' ? 'None of its runs has completed yet.' : `It has completed runs of ${known}.`,
  );
}

function requireComparison(runs: readonly RunRecord[]): void {
  const twice = runs.find(({ id }, index) => runs.findIndex((run) => run.id === id) < index);
  if (twice !== undefined) {
    throw new UserError(
      'runs/same-run-twice',
      `Run ${twice.id} (${twice.name}) is named twice.`,
      'Name each run once, alone or as one of its strategy.',
    );
  }
  const unfinished = runs.find(({ state }) => state !== 'completed');
  if (unfinished !== undefined) {
    const { id, state, step } = unfinished;
    throw new UserError(
      'run/not-completed',
      `Run ${id} is ${state} at step ${step}: it has no losses at its end.`,
      'Compare runs that have completed.',
    );
  }
  if (runs.length < 2) {
    throw new UserError(
      'runs/nothing-to-compare',
      `Run ${runs[0].id} (${runs[0].name}) stands alone.`,
      'Name at least two runs, or strategies as project/strategy.',
    );
  }
}

function loadRun(home: Home, store: Store, record: RunRecord): ComparedRun {
  const evaluations = store.evaluations.list(record.id);
  const after = scoresOfPhase(evaluations, 'after');
  return {
    record,
    projectName: store.projects.find(record.projectId)?.name ?? '',
    specification: loadSpecification(home, record.configuration),
    folder: resolveInHome(home, record.folder),
    scores:
      after.length === 0 && record.strategy === 'ndt'
        ? scoresOfPhase(evaluations, 'before')
        : after,
  };
}

function configurationDifferences(groups: readonly RunGroup[]): RunsDiff['configuration'] {
  const settings = groups.map(({ runs }) => ({
    ...comparableSettings(runs[0].specification),
    seeds: runs.map(({ record }) => record.seed),
  }));
  const keys = [...new Set(settings.flatMap((one) => Object.keys(one)))];
  return keys.flatMap((key) => {
    const values = settings.map((one): unknown => (one as Record<string, unknown>)[key] ?? null);
    return new Set(values.map(hashJson)).size > 1 ? [{ key, values }] : [];
  });
}

/** Sets that every run was scored on at its end. */
function sharedSets(groups: readonly RunGroup[]): EvaluationRecord[] {
  const [first, ...others] = groups.flatMap(({ runs }) => runs);
  return first.scores.filter((set) => others.every((run) => scoreOn(run, set) !== undefined));
}

function scoreOn({ scores }: ComparedRun, set: EvaluationRecord): EvaluationRecord | undefined {
  return scores.find((one) => setKey(one) === setKey(set) && one.setHash === set.setHash);
}

async function metricOf(
  set: EvaluationRecord,
  groups: readonly RunGroup[],
  files: ScoreFiles,
  differences: Differences,
): Promise<Metric> {
  const sumsOf = (run: ComparedRun) => files.read(run.folder, [scoreOf(run, set)]);
  const pairings = groups.slice(1).map((group) => pairRuns(group, groups[0]));
  const compared = await differences.of(
    pairings.map(({ runs, reference, independent }): KeyedComparison => ({
      a: runs.map(sumsOf),
      b: reference.map(sumsOf),
      seeds: independent ? 'independent' : 'paired',
    })),
  );
  const { role, split, name, setHash } = set;
  return {
    ...{ role, split, name, setHash },
    documents: sumsOf(groups[0].runs[0]).sums.lossSum.length,
    losses: groups.map(({ runs }) => spreadOf(runs.map((run) => scoreOf(run, set).nll))),
    differences: pairings.map(({ seeds }, index) => ({
      ...compared[index],
      group: index + 1,
      seeds,
    })),
  };
}

function scoreOf(run: ComparedRun, set: EvaluationRecord): EvaluationRecord {
  const score = scoreOn(run, set);
  if (score === undefined) throw new Error(`run ${run.record.id} was not scored on the set`);
  return score;
}
