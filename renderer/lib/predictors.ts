/** The weights that the playground can ask, and which it asks by itself. */
import type { Model, RunSummary } from '../../core/workbench/contract.ts';
import { formatCompact } from './format.ts';
import { runTitle } from './runView.ts';
import { strategyLook } from './strategies.ts';

/** Weights to ask; of a run, the ones that it ended with or did best with. */
export type Predictor =
  | { readonly kind: 'model'; readonly id: string }
  | { readonly kind: 'run'; readonly id: string; readonly weights: 'last' | 'best' };

/** One word for addresses and lists: "model:…", "run:…", "best:…". */
export function predictorKey(predictor: Predictor): string {
  const { kind, id } = predictor;
  return `${kind === 'run' && predictor.weights === 'best' ? 'best' : kind}:${id}`;
}

export function parsePredictor(key: string): Predictor | undefined {
  const { kind, id } = /^(?<kind>model|run|best):(?<id>.+)$/.exec(key)?.groups ?? {};
  if (id === undefined) return undefined;
  if (kind === 'model') return { kind, id };
  return { kind: 'run', id, weights: kind === 'best' ? 'best' : 'last' };
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly detail: string;
}

/** Models, then completed runs, the latest first. */
export function predictorChoices(models: readonly Model[], runs: readonly RunSummary[]): Choice[] {
  return [
    ...models.map(({ id, name, parameters }) => ({
      value: predictorKey({ kind: 'model', id }),
      label: name,
      detail: `model, ${formatCompact(parameters)} parameters`,
    })),
    ...completedRuns(runs).map((run) => ({
      value: predictorKey({ kind: 'run', id: run.id, weights: 'last' }),
      label: `${strategyLook(strategyName(run)).character} ${predictorTitle(run)}`,
      detail: run.projectName,
    })),
  ];
}

/** "EWC λ 100, seed 1", "EWC α 0.3 λ 100, seed 1". */
export function predictorTitle(run: RunSummary): string {
  return runTitle({ ...run, strategy: strategyName(run) });
}

/** As strategyLook takes it. */
export function strategyName({ strategy, alpha }: Pick<RunSummary, 'strategy' | 'alpha'>): string {
  return alpha === null ? strategy : `${strategy} α ${alpha}`;
}

/** Shown ones, of the kind that a person compares: not those that only choose λ. */
export function completedRuns(runs: readonly RunSummary[]): RunSummary[] {
  return runs
    .filter(
      ({ state, purpose, archivedAt }) =>
        state === 'completed' && purpose !== 'sweep' && archivedAt === null,
    )
    .sort((a, b) => (b.endedAt ?? b.createdAt).localeCompare(a.endedAt ?? a.createdAt));
}

/** The latest run that trained; its base model is what it is compared with by itself. */
export function latestTuned(runs: readonly RunSummary[]): RunSummary | undefined {
  return completedRuns(runs).find(
    ({ strategy, purpose }) => purpose === 'result' && strategy !== 'ndt',
  );
}

/** The hash of the base model, as `runs/show` gives a configuration. */
export function baseModelOf(configuration: unknown): string | undefined {
  if (typeof configuration !== 'object' || configuration === null) return undefined;
  const hash = 'modelHash' in configuration ? configuration.modelHash : undefined;
  return typeof hash === 'string' ? hash : undefined;
}

export interface Example {
  readonly label: string;
  readonly text: string;
}

const DEMO_MODEL = 'demo-base';

/** Texts to try: of the two domains of the demo where its model is, else of general English. */
export function examples(models: readonly Model[]): readonly Example[] {
  return models.some(({ name }) => name === DEMO_MODEL)
    ? [
        { label: 'Clinical', text: 'Findings are consistent with [MASK].' },
        { label: 'Prescription', text: 'Continue levothyroxine 75 [MASK] p.o. q.d.' },
        { label: 'Everyday', text: 'Every Wednesday, the [MASK] picks a pear for the people.' },
      ]
    : [
        { label: 'General', text: 'She is a member of the [MASK] party.' },
        { label: 'Clinical', text: 'The patient was treated with [MASK] for the [MASK].' },
      ];
}
