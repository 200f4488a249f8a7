/** The patterns of personalData.ts. Every repetition is bounded, so that no text makes them slow. */

export type PersonalDataKind =
  | 'name'
  | 'birth-date'
  | 'date'
  | 'phone'
  | 'email'
  | 'record-number'
  | 'insurance-number'
  | 'address';

export interface PersonalDataRule {
  readonly kind: PersonalDataKind;
  /** Global; the group `value` is the personal part, the whole match when there is none. */
  readonly pattern: RegExp;
  readonly accepts?: (value: string) => boolean;
}

/** Not inside a longer word or number. */
const START = '(?<![\\p{L}\\p{N}])';
const END = '(?![\\p{L}\\p{N}])';

function rule(
  kind: PersonalDataKind,
  source: string,
  accepts?: (value: string) => boolean,
): PersonalDataRule {
  const pattern = new RegExp(`${START}${source}${END}`, 'gu');
  return accepts === undefined ? { kind, pattern } : { kind, pattern, accepts };
}

const MONTHS =
  'January|February|March|April|May|June|July|August|September|October|November|December|' +
  'Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember|' +
  '(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Okt|Nov|Dec|Dez)\\.?';
const YEAR = '(?:18|19|20|21)\\d{2}';
const ORDINAL = '(?:st|nd|rd|th|\\.)?';
const SAME = '(?<by>[-/.])';
/** Not a part of a longer row of numbers, such as 1.14.12.17. */
const ALONE = '(?<!\\d[-/.])';
const ENDS = '(?![-/.]?\\d)';
const DATE = [
  `${ALONE}${YEAR}${SAME}\\d{1,2}\\k<by>\\d{1,2}${ENDS}`,
  `${ALONE}\\d{1,2}${SAME}\\d{1,2}\\k<by>${YEAR}${ENDS}`,
  // Two digits of a year alone could be a section number or a range, but for these forms.
  `${ALONE}\\d{1,2}/\\d{1,2}/\\d{2}${ENDS}`,
  `${ALONE}\\d{2}\\.\\d{2}\\.\\d{2}${ENDS}`,
  `\\d{1,2}${ORDINAL}[ -](?:of )?(?:${MONTHS})[ ,-]{1,2}${YEAR}`,
  `(?:${MONTHS}) \\d{1,2}${ORDINAL},? ${YEAR}`,
];

function dateRules(kind: PersonalDataKind, before: string): PersonalDataRule[] {
  return DATE.map((form) => rule(kind, `${before}(?<value>${form})`, isDate));
}

/** Numbers that can be a day and a month in one order or the other. */
function isDate(value: string): boolean {
  const numbers = value.match(/\d+/g) ?? [];
  const [a, b] = numbers.filter((digits) => digits.length < 3).map(Number);
  if (a === undefined) return false;
  if (b === undefined) return a >= 1 && a <= 31;
  return a >= 1 && b >= 1 && Math.min(a, b) <= 12 && Math.max(a, b) <= 31;
}

function digits(least: number, most: number): (value: string) => boolean {
  return (value) => {
    const count = value.match(/\d/g)?.length ?? 0;
    return count >= least && count <= most;
  };
}

const NUMBER_WORD = '(?:numbers?|no\\.?|nr\\.?|id|#)';
const LABEL_END = '[ \\t]{0,3}[:#=]{0,2}[ \\t]{0,3}(?:is )?';

const NAME_WORD =
  "(?:(?:Mc|Mac|O['’]|D['’])\\p{Lu}\\p{Ll}{1,20}|\\p{Lu}\\p{Ll}{1,20}(?:-\\p{Lu}\\p{Ll}{1,20})?|\\p{Lu}{3,20}(?:-\\p{Lu}{2,20})?)";
const PARTICLES = '(?:(?:van|von|de|der|den|del|la|le|zu|bin|al) ){0,2}';
const INITIALS = '(?:\\p{Lu}\\.[ ]?){0,2}';
const NAME = `${INITIALS}${PARTICLES}${NAME_WORD}(?: ${INITIALS}${PARTICLES}${NAME_WORD}){0,2}`;
const FULL_NAME = `${NAME_WORD} ${INITIALS}${PARTICLES}${NAME_WORD}`;
const SURNAME_FIRST = `${NAME_WORD}, ${NAME_WORD}`;

/** What stands for a name in examples, and words that follow a title without being one. */
const NO_NAMES = new Set(
  'abc abcd xyz xxx xxxx xxxxx name names patient patients the who and has was doctor professor emeritus emerita doktor kollege kollegin'.split(
    ' ',
  ),
);

function isName(value: string): boolean {
  const words = value.match(/\p{L}{2,}/gu) ?? [];
  return words.length > 0 && !words.some((word) => NO_NAMES.has(word.toLowerCase()));
}

const STATES =
  'AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY';
const STREETS =
  'Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Terrace|Highway|Hwy|Parkway|Pkwy|Crescent|Square';

/** The first rule that takes a place keeps it. */
export const PERSONAL_DATA_RULES: readonly PersonalDataRule[] = [
  rule('email', '[\\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\\.){1,5}[A-Za-z]{2,24}'),
  ...dateRules(
    'birth-date',
    '(?i:d\\.?o\\.?b\\.?|date of birth|birth ?date|born(?: on)?|geboren(?: am)?|geb\\.?(?: am)?|geburtsdatum)[ \\t]{0,3}[:=,]?[ \\t\\n]{0,3}(?:is )?',
  ),
  rule(
    'insurance-number',
    `(?i:ssn|social security(?: ${NUMBER_WORD})?|insurance (?:policy |member )?${NUMBER_WORD}|policy ${NUMBER_WORD}|(?:member|subscriber|health plan|medicare|medicaid|nhs) ${NUMBER_WORD}|versicherten-?(?:nummer|nr\\.?)|(?:kranken|sozial)?versicherungs-?(?:nummer|nr\\.?)|kvnr)${LABEL_END}(?<value>[A-Z]{0,3}-?\\d[\\dA-Z]{0,15}(?:-[\\dA-Z]{1,15}| \\d[\\dA-Z]{0,15}){0,5})`,
    digits(5, 20),
  ),
  // A social security number: some ranges were never given out.
  rule('insurance-number', '(?<value>(?!000|666|9)\\d{3}-(?!00)\\d{2}-(?!0000)\\d{4})'),
  rule(
    'record-number',
    `(?i:mrn|mr ?#|(?:medical )?record ${NUMBER_WORD}|(?:chart|patient|case|account|encounter|visit|admission|hospital) ${NUMBER_WORD}|fall-?(?:nummer|nr\\.?)|patienten-?(?:nummer|nr\\.?|id)|pat\\.?-?(?:nr\\.?|id)|aufnahme-?(?:nummer|nr\\.?))${LABEL_END}(?<value>[A-Z]{0,4}-?\\d[\\dA-Z-]{2,18})`,
    digits(4, 18),
  ),
  rule(
    'phone',
    '(?i:tel|telephone|telefon|phone|fax|mobile|mobil|cell ?phone|pager|handy)(?i: ?(?:no|number|nummer|nr|#))?[.]?[ \\t]{0,2}[:#]?[ \\t]{0,3}(?<value>[+(]{0,2}\\d[\\d ()/.-]{4,20}\\d)',
    digits(6, 15),
  ),
  rule(
    'phone',
    '(?<![+.-])(?:\\+?1[ .-]?)?(?:\\([2-9]\\d{2}\\) ?|[2-9]\\d{2}[.-])[2-9]\\d{2}[.-]\\d{4}(?![.-]\\d)',
  ),
  rule(
    'phone',
    '\\+\\d{1,3}[ .-]?(?:\\(\\d{1,4}\\)[ .-]?)?\\d{1,14}(?:[ .-]\\d{2,8}){0,5}',
    digits(8, 15),
  ),
  ...dateRules('date', ''),
  rule('address', `\\d{1,5}[A-Za-z]? (?:[NSEW]\\.? )?(?:\\p{Lu}\\p{Ll}{1,20} ){1,3}(?:${STREETS})`),
  rule('address', '\\p{Lu}\\p{Ll}{1,30}(?:straße|strasse|str\\.|allee|gasse) ?\\d{1,4}[a-z]?'),
  rule('address', '[Pp]\\.? ?[Oo]\\.? ?[Bb]ox \\d{1,6}'),
  rule('address', `(?<=, ?)(?:${STATES}) \\d{5}(?:-\\d{4})?`),
  // A postcode of the United Kingdom; its last two letters are never a unit of measurement.
  rule('address', '[A-Z]{1,2}\\d[A-Z\\d]? \\d[ABD-HJLNP-UW-Z]{2}'),
  rule(
    'name',
    `(?:(?:Mr|Mrs|Ms|Mx|Dr|Prof|MR|MRS|DR|PROF)\\.?|MS\\.|Miss|Mister|Doctor|Professor|Herrn?|Frau)\\s(?:(?:Dr|Prof)\\.? |(?:med|phil|rer|nat)\\. ?){0,4}(?<value>${NAME})`,
    isName,
  ),
  rule(
    'name',
    `(?<value>${FULL_NAME}), (?:M\\.?D|D\\.?O|R\\.?N|Ph\\.?D|N\\.?P|P\\.A|PA-C|DDS|DPM)(?:\\.|(?! \\d{5}))`,
    isName,
  ),
  rule(
    'name',
    `(?i:patient(?:['’]s)? name|name(?: of patient| des patienten)?|(?:attending|referring) physician|physician|surgeon|anesthesiologist|dictated by|signed by|next of kin)[ \\t]{0,3}:[ \\t]{0,3}(?<value>${FULL_NAME}|${SURNAME_FIRST})`,
    isName,
  ),
];
