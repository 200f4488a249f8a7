/** From a project file to the runs it means. Pure: names were found and files were made before. */
import { needsOf, objectiveOf } from '../strategies/parts.ts';
import { configurationHash } from '../training/runFile.ts';
import type { RunSpecification } from '../training/configuration.ts';
import { choiceKey } from './choiceKey.ts';
import { chooseLambda } from './lambdaChoice.ts';
import type { Candidate } from './lambdaChoice.ts';
import type { ProjectFile } from './projectFile.ts';
import type { LambdaChoice } from './results.ts';
import { runName, selectionOf, variantsOf } from './strategyEntries.ts';
import type { Variant } from './strategyEntries.ts';

/** What the runs of a project share; those that need no source text are given none. */
export type SharedSpecification = Pick<
  RunSpecification,
  | 'modelFolder'
  | 'modelHash'
  | 'tokenizerHash'
  | 'target'
  | 'rehearsal'
  | 'fisher'
  | 'baseScoresFolder'
  | 'evaluations'
>;

export interface PlannedRun {
  readonly name: string;
  readonly purpose: 'result' | 'sweep';
  readonly configurationHash: string;
  /** Everything but the run's id and folder, which it gets when it is registered. */
  readonly specification: Omit<RunSpecification, 'runId' | 'runFolder'>;
}

export interface ProjectPlan {
  /** In the order in which they are to run, each once. */
  readonly runs: readonly PlannedRun[];
  /** What was open until now and can be chosen, with the key of what was chosen among. */
  readonly choices: readonly { readonly entry: string; readonly choice: LambdaChoice }[];
}

/**
 * What there is to run, knowing `tried`, the candidates that completed or diverged by configuration
 * hash, and `made`, the choices that were made before by their keys; these are never made again.
 *
 * First NDT, which the others are measured against, then strategies with nothing to choose, in the
 * order of the file and each with every seed, so that rows of the table fill soon; then the runs that
 * choose λ; at last the strategies whose λ is chosen. NDT is the base model as it is: no seed changes
 * it, so it is run once, under the first seed.
 */
export function planRuns(
  project: ProjectFile,
  shared: SharedSpecification,
  tried: ReadonlyMap<string, Candidate> = new Map(),
  made: ReadonlyMap<string, LambdaChoice> = new Map(),
): ProjectPlan {
  const selection = selectionOf(project);
  const choices: { entry: string; choice: LambdaChoice }[] = [];
  const stages: Record<'base' | 'plain' | 'sweep' | 'chosen', PlannedRun[]> = {
    base: [],
    plain: [],
    sweep: [],
    chosen: [],
  };
  const results = (variant: Variant): PlannedRun[] =>
    (variant.strategy === 'ndt' ? project.seeds.slice(0, 1) : project.seeds).map((seed) =>
      plannedRun(project, shared, variant, seed, 'result'),
    );

  for (const variants of project.strategies.map(variantsOf)) {
    const [first, second] = variants;
    if (first === undefined) continue;
    if (second === undefined) {
      stages[first.strategy === 'ndt' ? 'base' : 'plain'].push(...results(first));
      continue;
    }
    const entry = choiceKey(variants, selection);
    let choice = made.get(entry);
    if (choice === undefined) {
      const sweep = variants.map((variant) =>
        plannedRun(project, shared, variant, selection.seed, 'sweep'),
      );
      stages.sweep.push(...sweep);
      const candidates = sweep.flatMap((run) => tried.get(run.configurationHash) ?? []);
      if (candidates.length < sweep.length) continue;
      choice = chooseLambda(variants, candidates, selection);
      if (!choice.candidates.some(({ chosen }) => chosen)) continue;
      choices.push({ entry, choice });
    }
    const chosen = choice.candidates.findIndex((candidate) => candidate.chosen);
    stages.chosen.push(...results(variants[chosen] ?? first));
  }
  const runs = [...stages.base, ...stages.plain, ...stages.sweep, ...stages.chosen];
  return { runs: [...new Map(runs.map((run) => [run.configurationHash, run])).values()], choices };
}

function plannedRun(
  project: ProjectFile,
  { rehearsal, fisher, ...shared }: SharedSpecification,
  variant: Variant,
  seed: number,
  purpose: PlannedRun['purpose'],
): PlannedRun {
  const needs = needsOf(objectiveOf(variant.strategy, variant.parts));
  const isSweep = purpose === 'sweep';
  const { steps } = selectionOf(project);
  const specification: PlannedRun['specification'] = {
    ...shared,
    ...variant,
    seed,
    engine: project.engine,
    ...(project.threads === undefined ? {} : { threads: project.threads }),
    settings:
      isSweep && steps !== undefined ? { ...project.training, max_steps: steps } : project.training,
    ...(needs.includes('rehearsal corpus') && { rehearsal: given(rehearsal, 'rehearsal corpus') }),
    ...(needs.includes('Fisher diagonal') && { fisher: given(fisher, 'Fisher diagonal') }),
    // λ is chosen on the validation split; the test split is left for the table.
    evaluations: isSweep
      ? shared.evaluations.filter(({ split }) => split === 'validation')
      : shared.evaluations,
  };
  return {
    name: runName(variant, seed, purpose),
    purpose,
    configurationHash: configurationHash({ ...specification, runId: '', runFolder: '' }),
    specification,
  };
}

function given<Material>(material: Material | undefined, what: string): Material {
  if (material === undefined) throw new Error(`the ${what} was not made`);
  return material;
}
