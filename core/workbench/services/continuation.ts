/** Which project of the history a project file continues, if any. */
import { UserError } from '../../base/errors.ts';
import type { ProjectRecord } from '../../store/projects.ts';
import type { RunRecord } from '../../store/runs.ts';
import { listed } from '../listed.ts';
import { parseStoredProject } from '../projectChoices.ts';
import type { ProjectFile } from '../projectFile.ts';
import { describeDifference, studyDifferences } from '../projectStudy.ts';
import { contentDifferences, contentOfRun } from '../studyContent.ts';
import type { Material } from './projectMaterial.ts';
import type { Services } from './services.ts';

const LISTED = 3;

export interface Continuation {
  /** Undefined when the file begins a new project. */
  readonly known: ProjectRecord | undefined;
  /** Why it begins a new one although there is one with its name; sentences. */
  readonly notices: readonly string[];
}

interface Namesake {
  readonly record: ProjectRecord;
  /** Why the file is another study; none when it is the same. */
  readonly differences: readonly string[];
  readonly atWork: readonly RunRecord[];
}

/**
 * The latest project with this name that the file continues: all but strategies, seeds and selection
 * are equal, and its names stand for the model and the texts that the runs were made with.
 * @throws UserError `project/running` when runs of another study with this name are at work
 */
export function findContinuation(
  { store, queue }: Services,
  project: ProjectFile,
  material: Material,
): Continuation {
  const namesakes = store.projects
    .list()
    .filter(({ name }) => name === project.name)
    .map((record): Namesake => {
      const runs = store.runs.list({ projectId: record.id });
      return {
        record,
        differences: differencesFrom({ store }, record, runs, project, material),
        atWork: runs.filter((run) => queue.isAtWork(run)),
      };
    });
  for (const namesake of namesakes) {
    if (namesake.differences.length > 0 && namesake.atWork.length > 0) {
      throw otherAtWork(project, namesake);
    }
  }
  const known = namesakes.findLast(({ differences }) => differences.length === 0)?.record;
  const latest = namesakes.at(-1);
  return {
    known,
    notices:
      known !== undefined || latest === undefined
        ? []
        : [
            `A new project "${project.name}" was begun, because the one that is there differs ` +
              `from this file: ${listed(latest.differences, LISTED, '; ')}.`,
          ],
  };
}

/** @throws UserError `project/other-content` when what the project's file names was replaced since its runs were made */
export function requireSameContent(
  { store }: Pick<Services, 'store'>,
  record: ProjectRecord,
  project: ProjectFile,
  material: Material,
): void {
  const runs = store.runs.list({ projectId: record.id });
  const differences = differencesFrom({ store }, record, runs, project, material);
  if (differences.length === 0) return;
  throw new UserError(
    'project/other-content',
    `The project "${record.name}" cannot go on: ${listed(differences, LISTED, '; ')}.`,
    'Run its file again; that begins a new project with what is there now.',
  );
}

function differencesFrom(
  { store }: Pick<Services, 'store'>,
  record: ProjectRecord,
  runs: readonly RunRecord[],
  project: ProjectFile,
  material: Material,
): string[] {
  const stored = parseStoredProject(record);
  if (stored === undefined) return ['its file is of another version'];
  const contents = new Map(store.corpora.list().map((one) => [one.folder, one.contentHash]));
  const recorded = runs.map(({ configuration }) =>
    contentOfRun(configuration, (folder) => contents.get(folder)),
  );
  return [
    ...studyDifferences(stored, project).map(describeDifference),
    ...contentDifferences(recorded, project, material),
  ];
}

function otherAtWork({ name }: ProjectFile, { differences, atWork }: Namesake): UserError {
  const runs = listed(
    atWork.map(({ id }) => id),
    LISTED,
  );
  return new UserError(
    'project/running',
    `The project "${name}" is at work and differs from this file: ${listed(differences, LISTED, '; ')}.`,
    `Wait until its runs have ended (${runs}), cancel them, or give this project another name.`,
  );
}
