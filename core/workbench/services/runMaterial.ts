/** What a run reads when it begins or goes on: whether it is all in this home folder. */
import { existsSync } from 'node:fs';
import { UserError } from '../../base/errors.ts';
import type { RunRecord } from '../../store/runs.ts';
import type { RunSpecification } from '../../training/configuration.ts';
import { loadSpecification } from '../storedSpecification.ts';
import type { Services } from './services.ts';

interface Place {
  readonly what: string;
  readonly path: string;
}

/** @throws UserError `run/material-missing` when what the run reads is not in this home folder */
export function requireMaterial({ home }: Pick<Services, 'home'>, run: RunRecord): void {
  const missing = missingMaterial(loadSpecification(home, run.configuration));
  if (missing !== undefined) throw materialError(`Run ${run.id} cannot go on`, missing);
}

/** The first thing that a run reads and that is not there. */
export function missingMaterial(specification: RunSpecification): Place | undefined {
  const { modelFolder, evaluations } = specification;
  const places: Place[] = [
    { what: 'its base model', path: modelFolder },
    ...trainingPlaces(specification),
    ...evaluations.flatMap(({ role, corpusFolder, path }) => [
      { what: `the ${role} corpus`, path: corpusFolder },
      { what: `the frozen-mask set of the ${role} corpus`, path },
    ]),
  ];
  return places.find(({ path }) => !existsSync(path));
}

/** An interpolation reads weights in place of the text that they were trained on. */
function trainingPlaces({ target, rehearsal, fisher, interpolation }: RunSpecification): Place[] {
  if (interpolation !== undefined) {
    const { run, checkpointFolder } = interpolation;
    return [{ what: `the last checkpoint of run ${run}`, path: checkpointFolder }];
  }
  return [
    { what: 'the packed target corpus', path: target.shardFolder },
    ...(rehearsal ? [{ what: 'the packed rehearsal corpus', path: rehearsal.shardFolder }] : []),
    ...(fisher ? [{ what: 'its Fisher diagonal', path: fisher.folder }] : []),
  ];
}

/** `what` says which run cannot do what. */
export function materialError(what: string, { what: thing, path }: Place): UserError {
  return new UserError(
    'run/material-missing',
    `${what}: ${thing} is not there (${path}).`,
    'Import what is missing and run the project file again; a purged corpus does not come back.',
  );
}
