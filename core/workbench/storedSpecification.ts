/**
 * A run's configuration in the database names places relative to the home folder; the training job
 * is given absolute ones.
 */
import { runSpecificationSchema } from '../training/configuration.ts';
import type { RunSpecification } from '../training/configuration.ts';
import { relativeToHome, resolveInHome } from './home.ts';
import type { Home } from './home.ts';

function mapPlaces(
  specification: RunSpecification,
  place: (path: string) => string,
): RunSpecification {
  const { target, rehearsal, fisher, baseScoresFolder, interpolation } = specification;
  return {
    ...specification,
    runFolder: place(specification.runFolder),
    modelFolder: place(specification.modelFolder),
    target: { ...target, shardFolder: place(target.shardFolder) },
    ...(rehearsal && { rehearsal: { ...rehearsal, shardFolder: place(rehearsal.shardFolder) } }),
    ...(fisher && { fisher: { ...fisher, folder: place(fisher.folder) } }),
    ...(baseScoresFolder !== undefined && { baseScoresFolder: place(baseScoresFolder) }),
    ...(interpolation && {
      interpolation: {
        ...interpolation,
        checkpointFolder: place(interpolation.checkpointFolder),
      },
    }),
    evaluations: specification.evaluations.map((evaluation) => ({
      ...evaluation,
      corpusFolder: place(evaluation.corpusFolder),
      path: place(evaluation.path),
    })),
  };
}

/** JSON for the database; the folder of a linked model stays as it is. */
export function storeSpecification(home: Home, specification: RunSpecification): string {
  const inside = (path: string): string =>
    path.startsWith(home.path) ? relativeToHome(home, path) : path;
  return JSON.stringify(mapPlaces(specification, inside));
}

export function loadSpecification(home: Home, stored: string): RunSpecification {
  const specification = runSpecificationSchema.parse(JSON.parse(stored));
  return mapPlaces(specification, (path) => resolveInHome(home, path));
}
