/**
 * `project.json` in a run folder: what the history knows of the run and the training job does not,
 * so that the folder can be carried to another home folder and keep its place in a project.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import { isIdentifier } from '../base/identifiers.ts';
import type { ProjectRecord } from '../store/projects.ts';
import type { NewRunRecord } from '../store/runs.ts';
import { runPurposeSchema } from './contract.ts';

export const PROJECT_RECORD_FILE = 'project.json';

const identifier = z.string().refine(isIdentifier);

const projectRecordSchema = z.strictObject({
  formatVersion: z.literal(1),
  project: z.strictObject({
    id: identifier,
    name: z.string().min(1),
    /** The project file with its defaults filled in. */
    file: z.record(z.string(), z.unknown()),
    createdAt: z.iso.datetime(),
  }),
  run: z.strictObject({
    id: identifier,
    name: z.string().min(1),
    /** Records of earlier versions do not say it. */
    purpose: runPurposeSchema.default('result'),
    createdAt: z.iso.datetime(),
  }),
  corpora: z.array(z.strictObject({ corpusId: z.string(), role: z.string() })),
});
export type ProjectRecordFile = z.infer<typeof projectRecordSchema>;

export function projectRecordJson(
  project: ProjectRecord,
  run: Pick<NewRunRecord, 'id' | 'name' | 'purpose' | 'createdAt'>,
  corpora: readonly { corpusId: string; role: string }[],
): string {
  const content: ProjectRecordFile = {
    formatVersion: 1,
    project: { ...project, file: JSON.parse(project.file) as Record<string, unknown> },
    run: { id: run.id, name: run.name, purpose: run.purpose, createdAt: run.createdAt },
    corpora: [...corpora],
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Undefined when the folder has none. @throws UserError `run/unreadable` */
export function readProjectRecord(runFolder: string): ProjectRecordFile | undefined {
  const path = join(runFolder, PROJECT_RECORD_FILE);
  if (!existsSync(path)) return undefined;
  try {
    return projectRecordSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new UserError(
      'run/unreadable',
      `${path} does not say which project the run belongs to.`,
      'Restore the file from a copy.',
      { cause },
    );
  }
}
