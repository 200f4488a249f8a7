import type { DocumentBoundary } from '../types.ts';
import { LineSplitter } from './lines.ts';
import { MAXIMUM_RECORD_LENGTH, recordTooLong } from './records.ts';
import type { RecordBatches, TextRecord } from './records.ts';

const HINT_FILE = 'Import it with one document a line or with documents separated by blank lines.';
const HINT_LINE = 'Break the line, or import with documents separated by blank lines.';
const HINT_PART = 'Separate the documents by blank lines, or import one document a line.';

/** Documents of plain text: the whole file, each line, or each part between blank lines. */
export function readPlainText(
  chunks: AsyncIterable<string>,
  boundary: DocumentBoundary,
  name: string,
): RecordBatches {
  switch (boundary) {
    case 'file':
      return readWhole(chunks, name);
    case 'line':
      return readLines(chunks, name);
    case 'blank-line':
      return readParagraphs(chunks, name);
  }
}

async function* readWhole(chunks: AsyncIterable<string>, name: string): RecordBatches {
  const parts: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    length += chunk.length;
    if (length > MAXIMUM_RECORD_LENGTH) throw recordTooLong(name, HINT_FILE);
  }
  yield [ungrouped(parts.join(''))];
}

async function* readLines(chunks: AsyncIterable<string>, name: string): RecordBatches {
  const splitter = new LineSplitter(name, HINT_LINE);
  for await (const chunk of chunks) yield splitter.push(chunk).map(ungrouped);
  yield splitter.end().map(ungrouped);
}

async function* readParagraphs(chunks: AsyncIterable<string>, name: string): RecordBatches {
  const splitter = new LineSplitter(name, HINT_PART);
  let lines: string[] = [];
  let length = 0;

  function take(line: string, number: number, finished: TextRecord[]): void {
    if (line.trim() === '') {
      if (lines.length > 0) finished.push(ungrouped(lines.join('\n')));
      lines = [];
      length = 0;
      return;
    }
    lines.push(line);
    length += line.length + 1;
    if (length > MAXIMUM_RECORD_LENGTH) {
      throw recordTooLong(`The document around line ${number} of ${name}`, HINT_PART);
    }
  }

  for await (const chunk of chunks) {
    let number = splitter.nextLine;
    const finished: TextRecord[] = [];
    for (const line of splitter.push(chunk)) take(line, number++, finished);
    yield finished;
  }
  let number = splitter.nextLine;
  const finished: TextRecord[] = [];
  for (const line of splitter.end()) take(line, number++, finished);
  take('', number, finished);
  yield finished;
}

function ungrouped(text: string): TextRecord {
  return { text, group: null };
}
