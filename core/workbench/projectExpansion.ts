/** From a project file to the runs it means. Pure: names were found and files were made before. */
import { configurationHash } from '../training/runFile.ts';
import type { RunSpecification } from '../training/configuration.ts';
import type { ProjectFile } from './projectFile.ts';

/** What every run of a project shares. */
export type SharedSpecification = Pick<
  RunSpecification,
  'modelFolder' | 'modelHash' | 'tokenizerHash' | 'target' | 'evaluations'
>;

export interface PlannedRun {
  readonly name: string;
  readonly configurationHash: string;
  /** Everything but the run's id and folder, which it gets when it is registered. */
  readonly specification: Omit<RunSpecification, 'runId' | 'runFolder'>;
}

/**
 * One run for each strategy and seed, in the order of the file, repeated ones once. NDT is the base
 * model as it is: no seed changes it, so it is run once, under the first seed.
 */
export function planRuns(project: ProjectFile, shared: SharedSpecification): PlannedRun[] {
  const planned = new Map<string, PlannedRun>();
  for (const strategy of project.strategies) {
    const seeds = strategy === 'ndt' ? project.seeds.slice(0, 1) : project.seeds;
    for (const seed of seeds) {
      const specification: PlannedRun['specification'] = {
        ...shared,
        strategy,
        seed,
        engine: project.engine,
        ...(project.threads === undefined ? {} : { threads: project.threads }),
        settings: project.training,
      };
      const hash = configurationHash({ ...specification, runId: '', runFolder: '' });
      planned.set(hash, {
        name: `${strategy}-seed-${seed}`,
        configurationHash: hash,
        specification,
      });
    }
  }
  return [...planned.values()];
}
