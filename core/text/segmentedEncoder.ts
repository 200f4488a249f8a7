/** Encodes texts segment by segment; the library sees only segments that were not seen before. */
import type { Encoding as LibraryEncoding, Tokenizer as Library } from 'tokenizers';
import { UserError } from '../base/errors.ts';
import type { SegmentRule } from './segments.ts';
import { isJoinable, isWhiteSpace, segmentEnd, SPACE } from './segments.ts';
import { SegmentMemory } from './tokenStore.ts';
import type { Encoding } from './types.ts';

/** Longer segments are rarely seen twice and are encoded each time, code units. */
const MAX_REMEMBERED_LENGTH = 48;
/** The memory starts anew beyond these bounds; some 40 MB. */
const MAX_REMEMBERED_SEGMENTS = 2 ** 18;
const MAX_REMEMBERED_TOKENS = 2 ** 20;
/** Unknown segments are joined into texts of about this length, enough of them at a time for all cores. */
const JOINED_LENGTH = 4096;
const LENGTH_A_ROUND = 2 ** 20;
/** A segment is encoded in one piece; this bounds what the library holds at once. */
const MAX_SEGMENT_LENGTH = 2 ** 24;

/** The segments of a batch of texts: entry of the memory (or −1 − index of a missing one) and start. */
interface Plan {
  readonly entries: number[];
  readonly starts: number[];
  /** For each text, the end of its segments in the arrays above. */
  readonly ends: number[];
  readonly missing: string[];
}

export class SegmentedEncoder {
  readonly #library: Library;
  readonly #rule: SegmentRule;
  #memory = new SegmentMemory();

  constructor(library: Library, rule: SegmentRule) {
    this.#library = library;
    this.#rule = rule;
  }

  /** One encoding a text, in order. Calls may overlap. */
  async encodeBatch(texts: readonly string[]): Promise<Encoding[]> {
    if (
      this.#memory.size > MAX_REMEMBERED_SEGMENTS ||
      this.#memory.tokens.length > MAX_REMEMBERED_TOKENS
    ) {
      this.#memory = new SegmentMemory();
    }
    // Held across the awaits below: another call may replace the one above.
    const memory = this.#memory;
    const plan = this.#plan(texts, memory);
    const found = await this.#encodeMissing(plan.missing, memory);
    let from = 0;
    return plan.ends.map((end) => {
      const encoding = assemble(plan, from, end, found, memory);
      from = end;
      return encoding;
    });
  }

  #plan(texts: readonly string[], memory: SegmentMemory): Plan {
    const plan: Plan = { entries: [], starts: [], ends: [], missing: [] };
    const missingIndex = new Map<string, number>();
    for (const text of texts) {
      for (let start = 0; start < text.length;) {
        const end = segmentEnd(text, start, this.#rule);
        if (end - start > MAX_SEGMENT_LENGTH) throw unbrokenText(end - start);
        const segment = text.slice(start, end);
        let entry = memory.find(segment);
        if (entry === undefined) {
          let index = missingIndex.get(segment);
          if (index === undefined) {
            index = plan.missing.push(segment) - 1;
            if (segment.length <= MAX_REMEMBERED_LENGTH) missingIndex.set(segment, index);
          }
          entry = -1 - index;
        }
        plan.entries.push(entry);
        plan.starts.push(start);
        start = end;
      }
      plan.ends.push(plan.entries.length);
    }
    return plan;
  }

  /** Adds the missing segments to the memory and returns their entries. */
  async #encodeMissing(missing: readonly string[], memory: SegmentMemory): Promise<Uint32Array> {
    const found = new Uint32Array(missing.length);
    for (let from = 0; from < missing.length;) {
      const groups: Group[] = [];
      let length = 0;
      while (from < missing.length && length < LENGTH_A_ROUND) {
        const group = nextGroup(missing, from, this.#rule);
        groups.push(group);
        length += group.text.length;
        from += group.bounds.length;
      }
      const encodings = await this.#library.encodeBatch(
        groups.map((group) => group.text),
        { addSpecialTokens: false },
      );
      for (const [index, group] of groups.entries()) {
        remember(group, encodings[index], missing, found, memory);
      }
    }
    return found;
  }
}

/** Consecutive missing segments joined into one text; `bounds` are their ends in it. */
interface Group {
  readonly text: string;
  readonly firstIndex: number;
  readonly bounds: readonly number[];
}

function nextGroup(missing: readonly string[], from: number, rule: SegmentRule): Group {
  const bounds = [missing[from].length];
  let to = from + 1;
  // Nothing may follow a segment that ends in white space; only its own text tells its tokens.
  if (!endsInWhiteSpace(missing[from])) {
    for (let length = bounds[0]; to < missing.length && length < JOINED_LENGTH; to++) {
      if (!isJoinable(missing[to], rule)) break;
      length += missing[to].length;
      bounds.push(length);
    }
  }
  return { text: missing.slice(from, to).join(''), firstIndex: from, bounds };
}

function endsInWhiteSpace(segment: string): boolean {
  return isWhiteSpace(segment.charCodeAt(segment.length - 1));
}

/** Cuts the tokens of a joined text into those of its segments and stores them. */
function remember(
  group: Group,
  encoding: LibraryEncoding,
  missing: readonly string[],
  found: Uint32Array,
  memory: SegmentMemory,
): void {
  const ids = encoding.getIds();
  const offsets = encoding.getOffsets();
  const words = encoding.getWordIds();
  const codeUnits = codeUnitOffsets(group.text);
  let token = 0;
  let begin = 0;
  for (const [position, end] of group.bounds.entries()) {
    const first = memory.tokens.length;
    for (; token < ids.length; token++) {
      const [from, to] = offsets[token];
      let start = codeUnits === undefined ? from : codeUnits[from];
      if (start >= end) break;
      const stop = codeUnits === undefined ? to : codeUnits[to];
      // A byte-level token carries the space in front of its word; its offsets leave that out.
      while (start < stop && group.text.charCodeAt(start) === SPACE) start++;
      const beginsWord = memory.tokens.length === first || words[token] !== words[token - 1];
      memory.tokens.push(ids[token], start - begin, stop - begin, beginsWord ? 1 : 0);
    }
    const segment = missing[group.firstIndex + position];
    found[group.firstIndex + position] = memory.add(
      segment.length <= MAX_REMEMBERED_LENGTH ? segment : undefined,
      first,
    );
    begin = end;
  }
}

/** Maps code-point offsets to UTF-16 code units; undefined where the two are the same. */
export function codeUnitOffsets(text: string): Uint32Array | undefined {
  if (!/[\ud800-\udbff]/.test(text)) return undefined;
  const offsets = new Uint32Array(text.length + 1);
  let codePoint = 0;
  for (let unit = 0; unit < text.length; codePoint++) {
    offsets[codePoint] = unit;
    const code = text.codePointAt(unit) ?? 0;
    unit += code > 0xffff ? 2 : 1;
  }
  offsets[codePoint] = text.length;
  return offsets;
}

function assemble(
  plan: Plan,
  from: number,
  to: number,
  found: Uint32Array,
  memory: SegmentMemory,
): Encoding {
  const entryAt = (index: number): number => {
    const entry = plan.entries[index];
    return entry >= 0 ? entry : found[-1 - entry];
  };
  let count = 0;
  for (let index = from; index < to; index++) count += memory.count(entryAt(index));
  const ids = new Int32Array(count);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const wordStarts = new Uint8Array(count);
  const { tokens } = memory;
  let at = 0;
  for (let index = from; index < to; index++) {
    const entry = entryAt(index);
    const start = plan.starts[index];
    const first = memory.first(entry);
    const last = first + memory.count(entry);
    for (let token = first; token < last; token++, at++) {
      ids[at] = tokens.ids[token];
      starts[at] = start + tokens.starts[token];
      ends[at] = start + tokens.ends[token];
      wordStarts[at] = tokens.wordStarts[token];
    }
  }
  return { ids, starts, ends, wordStarts };
}

function unbrokenText(length: number): UserError {
  return new UserError(
    'tokenizer/unbroken-text',
    `A document has a stretch of ${length} characters without a space; at most ${MAX_SEGMENT_LENGTH} can be tokenised in one piece.`,
    'Check that the text column was chosen and that the file is text; remove the document if it is not.',
  );
}
