/**
 * The filter of tables, as text: `strategy:ewc seed:1 target<3.5 -state:failed "night run"`.
 * Terms all have to hold; a comma means or; a minus in front means not; a bare word is looked for in
 * every text field.
 */

export type FieldKind = 'text' | 'word' | 'number' | 'duration' | 'date';

/** What a term can ask for. */
export interface FilterField<Row> {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** `text` is contained, `word` is begun with; the others are compared. */
  readonly kind: FieldKind;
  /** Numbers in the unit that is written, durations in seconds, dates as ISO text. */
  readonly value: (row: Row) => string | number | readonly string[] | null;
  readonly description?: string;
}

export interface FilterProblem {
  /** Where in the text. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

export interface Filter<Row> {
  readonly matches: (row: Row) => boolean;
  /** Terms that are not understood; they are left out of `matches`. */
  readonly problems: readonly FilterProblem[];
  readonly isEmpty: boolean;
}

type Predicate<Row> = (row: Row) => boolean;

type Operator = '<=' | '>=' | '!=' | '<' | '>' | '=' | ':';

interface Term {
  readonly negated: boolean;
  /** Undefined for bare text. */
  readonly field: string | undefined;
  readonly operator: Operator;
  readonly values: readonly string[];
  readonly start: number;
  readonly end: number;
}

/** Reads the text against the fields of a table. */
export function parseFilter<Row>(text: string, fields: readonly FilterField<Row>[]): Filter<Row> {
  const problems: FilterProblem[] = [];
  const predicates: Predicate<Row>[] = [];
  for (const term of terms(text)) {
    const outcome = compile(term, fields);
    if (typeof outcome === 'string') {
      problems.push({ start: term.start, end: term.end, message: outcome });
    } else {
      predicates.push(term.negated ? (row) => !outcome(row) : outcome);
    }
  }
  return {
    matches: (row) => predicates.every((holds) => holds(row)),
    problems,
    isEmpty: predicates.length === 0 && problems.length === 0,
  };
}

/** Adds a term to a filter text, or replaces the terms of that field. */
export function withTerm(text: string, field: string, term: string): string {
  const kept = terms(text)
    .filter((existing) => existing.field?.toLowerCase() !== field.toLowerCase())
    .map(({ start, end }) => text.slice(start, end));
  return [...kept, term].filter((part) => part !== '').join(' ');
}

/** A value as it has to be written in a filter. */
export function quoted(value: string): string {
  return /[\s,":<>=!]/.test(value) ? `"${value.replaceAll('"', '')}"` : value;
}

const TERM = /(-?)(?:([\p{L}_][\p{L}\p{N}_-]*)(<=|>=|!=|<|>|=|:))?((?:"[^"]*"?|[^\s"])*)/uy;

function terms(text: string): Term[] {
  const found: Term[] = [];
  let position = 0;
  while (position < text.length) {
    if (/\s/.test(text.charAt(position))) {
      position++;
      continue;
    }
    TERM.lastIndex = position;
    const match = TERM.exec(text);
    if (match === null || match[0] === '') break;
    const [whole, minus, field, operator, rest = ''] = match;
    found.push({
      negated: minus === '-',
      field,
      operator: (operator as Operator | undefined) ?? ':',
      values: splitValues(rest),
      start: position,
      end: position + whole.length,
    });
    position += whole.length;
  }
  return found;
}

/** At commas outside quotes; the quotes go. */
function splitValues(text: string): string[] {
  const parts = text.match(/(?:"[^"]*"?|[^,"])+/g) ?? [];
  return parts.map((part) => part.replaceAll('"', '')).filter((part) => part !== '');
}

function compile<Row>(term: Term, fields: readonly FilterField<Row>[]): Predicate<Row> | string {
  if (term.field === undefined) return anywhere(term.values, fields);
  const name = term.field.toLowerCase();
  const field = fields.find(
    (candidate) => candidate.name === name || candidate.aliases?.includes(name),
  );
  if (field === undefined) {
    const names = fields.map((candidate) => candidate.name).join(', ');
    return `There is no field "${term.field}". Fields: ${names}.`;
  }
  if (term.values.length === 0) return `A value is missing after "${term.field}${term.operator}".`;
  return compileField(field, term);
}

function anywhere<Row>(
  values: readonly string[],
  fields: readonly FilterField<Row>[],
): Predicate<Row> | string {
  if (values.length === 0) return 'A word is missing after the minus.';
  const wanted = values.map((value) => value.toLowerCase());
  const searched = fields.filter(({ kind }) => kind === 'text' || kind === 'word');
  return (row) =>
    wanted.some((value) =>
      searched.some((field) => texts(field, row).some((text) => text.includes(value))),
    );
}

function texts<Row>(field: FilterField<Row>, row: Row): string[] {
  const value = field.value(row);
  if (value === null) return [];
  return (typeof value === 'object' ? value : [String(value)]).map((text) => text.toLowerCase());
}

function compileField<Row>(field: FilterField<Row>, term: Term): Predicate<Row> | string {
  switch (field.kind) {
    case 'text':
    case 'word':
      return compileText(field, term);
    case 'number':
    case 'duration':
    case 'date':
      return compileNumber(field, term);
  }
}

function compileText<Row>(field: FilterField<Row>, term: Term): Predicate<Row> | string {
  if (/[<>]/.test(term.operator)) {
    return `"${field.name}" is text: use ${field.name}:${term.values[0] ?? ''}.`;
  }
  const wanted = term.values.map((value) => value.toLowerCase());
  const fits = (text: string, value: string): boolean => {
    if (term.operator !== ':') return text === value;
    return field.kind === 'word' ? text.startsWith(value) : text.includes(value);
  };
  const holds: Predicate<Row> = (row) =>
    texts(field, row).some((text) => wanted.some((value) => fits(text, value)));
  return term.operator === '!=' ? (row) => !holds(row) : holds;
}

function compileNumber<Row>(field: FilterField<Row>, term: Term): Predicate<Row> | string {
  const ranges: (readonly [number, number])[] = [];
  for (const value of term.values) {
    const range = readRange(field.kind, value);
    if (range === undefined) return `"${value}" is no ${EXPECTED[field.kind]}.`;
    ranges.push(range);
  }
  const holds = comparison(term.operator, ranges);
  return (row) => {
    const value = field.value(row);
    if (value === null || typeof value === 'object') return false;
    const number = field.kind === 'date' ? Date.parse(String(value)) : Number(value);
    return !Number.isNaN(number) && holds(number);
  };
}

const EXPECTED: Readonly<Record<FieldKind, string>> = {
  text: 'text',
  word: 'word',
  number: 'number such as 3.5, 20k or 1..5',
  duration: 'duration such as 90s, 15min or 2h',
  date: 'date such as 2026-11-23',
};

/** Values are [from, to]: "1..5", a day, or a number to the precision it is written with. */
function comparison(
  operator: Operator,
  ranges: readonly (readonly [number, number])[],
): (value: number) => boolean {
  const [from, to] = ranges[0] ?? [NaN, NaN];
  switch (operator) {
    case '<':
      return (value) => value < from;
    case '<=':
      return (value) => value <= to;
    case '>':
      return (value) => value > to;
    case '>=':
      return (value) => value >= from;
    case '!=':
      return (value) => !ranges.some(([low, high]) => value >= low && value <= high);
    case '=':
    case ':':
      return (value) => ranges.some(([low, high]) => value >= low && value <= high);
  }
}

function readRange(kind: FieldKind, text: string): readonly [number, number] | undefined {
  const [first = '', second, ...more] = text.split('..');
  if (more.length > 0) return undefined;
  const low = readOne(kind, first);
  if (second === undefined || low === undefined) return low;
  const high = readOne(kind, second);
  return high === undefined ? undefined : [low[0], high[1]];
}

function readOne(kind: FieldKind, text: string): readonly [number, number] | undefined {
  if (kind === 'date') return readDay(text);
  const match = /^(-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?)([a-z%]*)$/i.exec(text);
  if (match === null) return undefined;
  const factor = (kind === 'duration' ? SECONDS : FACTORS)[(match[2] ?? '').toLowerCase()];
  if (factor === undefined) return undefined;
  const value = Number(match[1]) * factor;
  return [value, value];
}

const FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, '%': 0.01 };
const SECONDS: Readonly<Record<string, number>> = {
  '': 1,
  s: 1,
  min: 60,
  m: 60,
  h: 3600,
  d: 86_400,
};

/** A local day or minute, from its first to its last millisecond. */
function readDay(text: string): readonly [number, number] | undefined {
  const match = /^(\d{4})-(\d{2})(?:-(\d{2}))?$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]) - 1, match[3]];
  const start = new Date(year, month, day === undefined ? 1 : Number(day));
  const end =
    day === undefined ? new Date(year, month + 1, 1) : new Date(year, month, Number(day) + 1);
  if (start.getMonth() !== month) return undefined;
  return [start.getTime(), end.getTime() - 1];
}
