/** The calls that only read the history: any process may answer them for itself. */
import type { Store } from '../store/store.ts';
import { readLogEvents } from '../training/eventLog.ts';
import type { Handlers } from './calls.ts';
import { findProject, findRun } from './find.ts';
import { resolveInHome } from './home.ts';
import type { Home } from './home.ts';
import { toCorpus, toModel, toProjectSummary, toRunDetail } from './records.ts';
import { runChanges } from './runChanges.ts';
import { Differences } from './runScores.ts';
import { curveHandlers } from './services/curves.ts';
import { resultsHandlers } from './services/results.ts';
import { runsDiffHandlers } from './services/runsDiff.ts';

/** More than a person reads, and less than a message takes. */
const MOST_LOG_EVENTS = 20_000;

export const READ_CALLS = [
  'models/list',
  'corpora/list',
  'projects/list',
  'projects/show',
  'projects/results',
  'runs/list',
  'runs/show',
  'runs/changes',
  'runs/diff',
  'runs/metrics',
  'runs/curves',
  'runs/log',
] as const;
export type ReadCall = (typeof READ_CALLS)[number];

export function isReadCall(name: string): name is ReadCall {
  return (READ_CALLS as readonly string[]).includes(name);
}

export function readHandlers(home: Home, store: Store): Handlers<ReadCall> {
  const differences = new Differences();
  return {
    ...resultsHandlers(home, store, differences),
    ...runsDiffHandlers(home, store, differences),
    ...curveHandlers(store),
    'models/list': () => store.models.list().map((model) => toModel(home, model)),
    'corpora/list': () => store.corpora.list().map((corpus) => toCorpus(home, corpus)),
    'projects/list': () => store.projects.list().map((project) => toProjectSummary(store, project)),
    'projects/show': ({ project }) => toProjectSummary(store, findProject(store, project)),
    'runs/list': ({ project, state, archived }) => {
      const projectId = project === undefined ? undefined : findProject(store, project).id;
      return store.runSummaries.list({ projectId, state, archived });
    },
    'runs/show': ({ run }) => toRunDetail(home, store, findRun(store, run)),
    'runs/changes': ({ run }) => {
      const { id, folder } = findRun(store, run);
      return runChanges(resolveInHome(home, folder), store.evaluations.list(id), differences);
    },
    'runs/metrics': ({ run, names, fromStep }) =>
      store.metrics
        .series(findRun(store, run).id, names, fromStep)
        .map((series) => ({ ...series, points: [...series.points] })),
    'runs/log': ({ run }) =>
      readLogEvents(resolveInHome(home, findRun(store, run).folder), MOST_LOG_EVENTS),
  };
}
