/** Reads a project file, JSON or YAML, and says precisely what is wrong with one that is not right. */
import { open } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { asUserError, UserError } from '../base/errors.ts';
import { projectFileSchema } from './projectFile.ts';
import type { ProjectFile } from './projectFile.ts';
import { findProblems } from './projectFileProblems.ts';
import type { Problem } from './projectFileProblems.ts';

/** A project file is a page of settings; what is larger is some other file. */
export const LARGEST_PROJECT_FILE_BYTES = 1 << 20;
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
  const name = basename(path);
  if (extname(path).toLowerCase() === '.json') checkJsonSyntax(text, name);
  const lines = new LineCounter();
  // YAML reads JSON too, and keeps the place of every value; its core schema knows only plain data.
  const document = parseDocument(text, { lineCounter: lines, schema: 'core', prettyErrors: false });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) {
    const { line, col } = lines.linePos(fault.pos[0]);
    const reason = fault.code === 'MULTIPLE_DOCS' ? 'a second document begins' : fault.message;
    throw syntaxError(name, reason, ` at line ${line}, column ${col}`);
  }
  const value = plainValue(document, name);
  const parsed = projectFileSchema.safeParse(value);
  const problems = findProblems(value, parsed.success ? [] : parsed.error.issues);
  if (parsed.success && problems.length === 0) return parsed.data;
  throw problemError(name, problems, (problem) => placeOf(document, lines, problem));
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

function checkJsonSyntax(text: string, name: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    // The message holds either the position or an excerpt that shows the place.
    const message = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/.exec(message);
    if (position === null) throw syntaxError(name, message, '');
    const before = text.slice(0, Number(position[1])).split('\n');
    const place = ` at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
    throw syntaxError(name, message.replace(/ in JSON at position.*$/, ''), place);
  }
}

function syntaxError(name: string, reason: string, place: string): UserError {
  return new UserError(
    'project/syntax',
    `The project file ${name} cannot be read${place}: ${reason.trim().replace(/\.$/, '')}.`,
    'Correct the file there; "palimpsest run --help" shows an example.',
  );
}

function plainValue(document: Document, name: string): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 50 });
    return value;
  } catch (error) {
    // An alias that expands without end, or one that names no anchor.
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(
      'project/syntax',
      `The project file ${name} cannot be read: ${reason}.`,
      'Write the values out instead of using YAML aliases.',
      { cause: error },
    );
  }
}

/** Where the key or list entry of a problem stands; empty when the fault is that it is not there. */
function placeOf(document: Document, lines: LineCounter, problem: Problem): string {
  let node: unknown = document.contents;
  let place: unknown;
  for (const key of problem.path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      place = pair?.key;
      node = pair?.value;
    } else if (isSeq(node) && typeof key === 'number') {
      place = node.items[key];
      node = place;
    } else break;
  }
  if (!isNode(place) || !place.range) return '';
  const { line, col } = lines.linePos(place.range[0]);
  return `line ${line}, column ${col}`;
}

function problemError(
  name: string,
  problems: readonly Problem[],
  place: (problem: Problem) => string,
): UserError {
  const [first, ...others] = problems;
  const at = (problem: Problem): string => {
    const found = place(problem);
    return found === '' ? '' : ` (${found})`;
  };
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
