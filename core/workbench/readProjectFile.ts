/** Reads a project file, JSON or YAML, and says precisely what is wrong with one that is not right. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { asUserError, UserError } from '../base/errors.ts';
import {
  LARGEST_PROJECT_FILE_BYTES,
  parseProjectText,
  projectTextFormat,
} from './parseProjectFile.ts';
import type { PlacedProblem } from './parseProjectFile.ts';
import type { ProjectFile } from './projectFile.ts';

export { LARGEST_PROJECT_FILE_BYTES };
const PROBLEMS_LISTED = 5;

/**
 * Throws UserError: `project/unreadable`, `project/too-large`, `project/syntax` (with line and
 * column), `project/unknown-key`, `project/missing-key` or `project/wrong-value`.
 */
export async function readProjectFile(path: string): Promise<ProjectFile> {
  return parseProjectFile(await readSmallFile(path), path);
}

/** The same from text; `path` names it in errors, and its ending tells JSON from YAML. */
export function parseProjectFile(text: string, path: string): ProjectFile {
  const parsed = parseProjectText(text, projectTextFormat(path));
  if ('project' in parsed) return parsed.project;
  throw problemError(basename(path), parsed.problems);
}

async function readSmallFile(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > LARGEST_PROJECT_FILE_BYTES) {
        throw new UserError(
          'project/too-large',
          `The project file ${path} has ${size} bytes; at most ${LARGEST_PROJECT_FILE_BYTES} are read.`,
          'A project file holds settings only; corpora are imported with "palimpsest corpus import".',
        );
      }
      return new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof TypeError) {
      throw new UserError(
        'project/syntax',
        `The project file ${path} is not UTF-8 text.`,
        'Save it as UTF-8.',
        { cause: error },
      );
    }
    throw asUserError(error, path);
  }
}

function problemError(
  name: string,
  [first, ...others]: readonly [PlacedProblem, ...PlacedProblem[]],
): UserError {
  if (first.kind === 'syntax') {
    const at = first.place ? ` at ${placeText(first)}` : '';
    return new UserError(
      'project/syntax',
      `The project file ${name} cannot be read${at}: ${first.what}.`,
      first.hint,
    );
  }
  const at = (problem: PlacedProblem): string =>
    problem.place === undefined ? '' : ` (${placeText(problem)})`;
  const listedOthers = others
    .slice(0, PROBLEMS_LISTED)
    .map((problem) => `${problem.what}${at(problem)}`);
  if (others.length > PROBLEMS_LISTED) {
    listedOthers.push(`${others.length - PROBLEMS_LISTED} more problems`);
  }
  const more = listedOthers.length === 0 ? '' : ` Also: ${listedOthers.join('; ')}.`;
  return new UserError(
    `project/${first.kind}`,
    `In the project file ${name}, ${first.what}${at(first)}.`,
    `${first.hint}${more}`,
  );
}

function placeText({ place }: PlacedProblem): string {
  return place === undefined ? '' : `line ${place.line}, column ${place.column}`;
}
