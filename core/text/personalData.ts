/**
 * Looks for what looks like personal data in text, so that a person is warned before it is stored.
 * Patterns only, made for precision: a finding is nearly always what it says, and text without
 * findings may still name people. English and German forms are known.
 */
import { PERSONAL_DATA_RULES } from './personalDataRules.ts';
import type { PersonalDataKind } from './personalDataRules.ts';

export const PERSONAL_DATA_KINDS = [
  'name',
  'birth-date',
  'date',
  'phone',
  'email',
  'record-number',
  'insurance-number',
  'address',
] as const satisfies readonly PersonalDataKind[];

export interface PersonalDataFinding {
  readonly kind: PersonalDataKind;
  /** Occurrences in what was looked at. */
  readonly count: number;
  /** Documents with at least one. */
  readonly documents: number;
  /** Masked: title or label, first character and shape of a value, never the value. */
  readonly examples: readonly string[];
}

const EXAMPLES = 3;
/** Of one document; the rest of a longer one is not looked at. */
const LONGEST_LOOK = 100_000;
const LONGEST_EXAMPLE = 48;

interface Tally {
  count: number;
  documents: number;
  readonly examples: Set<string>;
}

/** Gathers findings document by document; memory does not grow with the text. */
export class PersonalDataScan {
  readonly #tallies = new Map<PersonalDataKind, Tally>();
  /** Of the documents looked at, in UTF-16 code units. */
  characters = 0;
  documents = 0;
  /** Whether a document was so long that its end was not looked at. */
  cut = false;

  add(document: string): void {
    const text = withoutPlaceholders(document.slice(0, LONGEST_LOOK));
    this.characters += text.length;
    this.documents++;
    this.cut ||= text.length < document.length;
    const seen = new Set<PersonalDataKind>();
    for (const { kind, example } of findPersonalData(text)) {
      const tally = this.#tallies.get(kind) ?? { count: 0, documents: 0, examples: new Set() };
      this.#tallies.set(kind, tally);
      tally.count++;
      if (!seen.has(kind)) tally.documents++;
      seen.add(kind);
      if (tally.examples.size < EXAMPLES) tally.examples.add(example);
    }
  }

  /** Kinds that were found, in the order of PERSONAL_DATA_KINDS. */
  findings(): PersonalDataFinding[] {
    return PERSONAL_DATA_KINDS.flatMap((kind) => {
      const tally = this.#tallies.get(kind);
      return tally === undefined ? [] : [{ kind, ...tally, examples: [...tally.examples] }];
    });
  }
}

interface Match {
  readonly kind: PersonalDataKind;
  readonly example: string;
}

/** Every place is counted once, under the first rule that takes it: a date of birth is no date. */
function findPersonalData(text: string): Match[] {
  const taken = new Uint8Array(text.length);
  const matches: Match[] = [];
  for (const { kind, pattern, accepts } of PERSONAL_DATA_RULES) {
    for (const match of text.matchAll(pattern)) {
      const [whole] = match;
      const value = match.groups?.['value'] ?? whole;
      const start = match.index;
      const end = start + whole.length;
      if (accepts?.(value) === false || taken.subarray(start, end).includes(1)) continue;
      taken.fill(1, start, end);
      matches.push({ kind, example: masked(whole, value) });
    }
  }
  return matches;
}

/** "DOB: 1•/••/••••", "Dr. S••••": what stands before the value stays, of the value its first character. */
function masked(whole: string, value: string): string {
  const before = whole.slice(0, whole.lastIndexOf(value));
  let first = true;
  const hidden = value.replace(/[\p{L}\p{N}]/gu, (character) => {
    if (!first) return '•';
    first = false;
    return character;
  });
  const example = `${before}${hidden}`.replace(/\s+/g, ' ').trim();
  return example.length > LONGEST_EXAMPLE ? `${example.slice(0, LONGEST_EXAMPLE - 1)}…` : example;
}

/** `[**2151-7-16**]`, as de-identified notes have them, is what is left of personal data. */
function withoutPlaceholders(text: string): string {
  return text.replace(/\[\*\*[^\]\n]{0,200}\]/g, (placeholder) => ' '.repeat(placeholder.length));
}
