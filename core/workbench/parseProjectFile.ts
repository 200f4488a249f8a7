/** Reads the text of a project file, JSON or YAML, and finds the place of all that is wrong. Pure. */
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { projectFileSchema } from './projectFile.ts';
import type { ProjectFile } from './projectFile.ts';
import { findProblems } from './projectFileProblems.ts';
import type { Problem } from './projectFileProblems.ts';

/** A project file is a page of settings; what is larger is some other file. */
export const LARGEST_PROJECT_FILE_BYTES = 1 << 20;

/** Counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** `place` is undefined when the fault is that something is not there. */
export interface PlacedProblem extends Pick<Problem, 'what' | 'hint'> {
  readonly kind: Problem['kind'] | 'syntax';
  readonly place: Place | undefined;
}

export type ParsedProjectText =
  | { readonly project: ProjectFile }
  /** At least one; a syntax error is alone. */
  | { readonly problems: readonly [PlacedProblem, ...PlacedProblem[]] };

export type ProjectTextFormat = 'json' | 'yaml';

/** The format that the ending of a file's name says; YAML reads JSON too. */
export function projectTextFormat(name: string): ProjectTextFormat {
  return /\.json$/i.test(name) ? 'json' : 'yaml';
}

export function parseProjectText(text: string, format: ProjectTextFormat): ParsedProjectText {
  const jsonFault = format === 'json' ? jsonSyntaxFault(text) : undefined;
  if (jsonFault) return { problems: [jsonFault] };
  const lines = new LineCounter();
  // YAML keeps the place of every value; its core schema knows only plain data.
  const document = parseDocument(text, { lineCounter: lines, schema: 'core', prettyErrors: false });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) {
    const reason = fault.code === 'MULTIPLE_DOCS' ? 'a second document begins' : fault.message;
    return { problems: [syntaxProblem(reason, placeAt(lines, fault.pos[0]))] };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    // An alias that expands without end, or one that names no anchor.
    const reason = error instanceof Error ? error.message : String(error);
    const hint = 'Write the values out instead of using YAML aliases.';
    return { problems: [{ ...syntaxProblem(reason, undefined), hint }] };
  }
  const parsed = projectFileSchema.safeParse(value);
  const [first, ...others] = findProblems(value, parsed.success ? [] : parsed.error.issues).map(
    ({ kind, what, hint, path }): PlacedProblem => ({
      kind,
      what,
      hint,
      place: placeOf(document, lines, path),
    }),
  );
  if (first !== undefined) return { problems: [first, ...others] };
  if (parsed.success) return { project: parsed.data };
  throw parsed.error;
}

function jsonSyntaxFault(text: string): PlacedProblem | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    // The message holds either the position or an excerpt that shows the place.
    const message = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/.exec(message);
    if (position === null) return syntaxProblem(message, undefined);
    const before = text.slice(0, Number(position[1])).split('\n');
    const place = { line: before.length, column: (before.at(-1) ?? '').length + 1 };
    return syntaxProblem(message.replace(/ in JSON at position.*$/, ''), place);
  }
}

function syntaxProblem(reason: string, place: Place | undefined): PlacedProblem {
  const what = reason.trim().replace(/\.$/, '');
  const hint = 'Correct the file there; "palimpsest run --help" shows an example.';
  return { kind: 'syntax', what, hint, place };
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col: column } = lines.linePos(offset);
  return { line, column };
}

/** Where the key or list entry at `path` stands. */
function placeOf(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
): Place | undefined {
  let node: unknown = document.contents;
  let found: unknown;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      found = pair?.key;
      node = pair?.value;
    } else if (isSeq(node) && typeof key === 'number') {
      found = node.items[key];
      node = found;
    } else break;
  }
  return isNode(found) && found.range ? placeAt(lines, found.range[0]) : undefined;
}
