import { describe, expect, it } from 'vitest';
import { PersonalDataScan } from '../../../core/text/personalData.ts';
import type { PersonalDataFinding } from '../../../core/text/personalData.ts';

function scan(...documents: string[]): PersonalDataFinding[] {
  const found = new PersonalDataScan();
  for (const document of documents) found.add(document);
  return found.findings();
}

function countsIn(...documents: string[]): Record<string, number> {
  return Object.fromEntries(scan(...documents).map(({ kind, count }) => [kind, count]));
}

describe('PersonalDataScan', () => {
  it.each([
    ['seen by Dr. Jane A. Smith today', 'name'],
    ['MR. PETERSON DENIES PAIN', 'name'],
    ["Mrs O'Neill and her sister", 'name'],
    ['Herr Dr. med. Müller-Lüdenscheidt kam', 'name'],
    ['Electronically signed, Betty Ross, PA-C.', 'name'],
    ['Patient name: Garcia, Maria', 'name'],
    ['DOB: 03/12/1956', 'birth-date'],
    ['was born on May 4, 1961 in', 'birth-date'],
    ['geb. am 04.05.1961', 'birth-date'],
    ['admitted 2019-02-28 with', 'date'],
    ['on the 3rd of July 2008', 'date'],
    ['last seen 7/4/12', 'date'],
    ['am 4. Mai 2012 operiert', 'date'],
    ['call (206) 555-0142 or', 'phone'],
    ['Tel.: 0345 55 71 23', 'phone'],
    ['reach him at +49 345 5571-234', 'phone'],
    ['write to j.smith@clinic.example.org.', 'email'],
    ['MRN: 00482913', 'record-number'],
    ['Fall-Nr. 2019-11873', 'record-number'],
    ['SSN 123-45-6789', 'insurance-number'],
    ['Medicare number 1EG4-TE5-MK73', 'insurance-number'],
    ['lives at 1730 South Amphlett Blvd', 'address'],
    ['wohnt Blücherstraße 24a', 'address'],
    ['Boston, MA 02115', 'address'],
    ['P.O. Box 349', 'address'],
    ['Oxford OX2 0EL', 'address'],
  ])('finds in "%s" one %s and nothing else', (text, kind) => {
    expect(countsIn(text)).toEqual({ [kind]: 1 });
  });

  it.each([
    'Dr. XYZ saw Mr. ABC',
    'blood pressure 120/80, pulse 72, temp 36.5',
    'section 1.2.3, EC 1.14.12.17 and version 10.12.14.3',
    '31/31/2010 and 45.13.2010 are no days',
    'MS Contin 15 mg, vitamin B12 5MG daily',
    'call 911; the patient is 56 years old',
    'Patient: Yes, Doctor: Is that so?',
    'seen on [**2151-7-16**] by [**Doctor Last Name 123**]',
    'record the volume, no. 12 of the case series',
    'GenBank accession number AF202994',
    '000-45-6789 and 123-00-6789 are no such numbers',
    'ST elevation in 2 Lead II; 3 Chest CT scans',
    'p = 0.05, n = 1,204, 95 % CI [1.20-1.45]',
    'Bethesda, MD has a campus',
    'the phone 12 bus',
  ])('finds nothing in "%s"', (text) => {
    expect(scan(text)).toEqual([]);
  });

  it('counts occurrences and the documents that have them, in a fixed order of kinds', () => {
    expect(
      scan('On 1/2/2003 Mr. Hill, on 2/2/2003 Mr. Hill again.', 'Nothing.', 'Since 3/3/2003.'),
    ).toEqual([
      { kind: 'name', count: 2, documents: 1, examples: ['Mr. H•••'] },
      {
        kind: 'date',
        count: 3,
        documents: 2,
        examples: ['1/•/••••', '2/•/••••', '3/•/••••'],
      },
    ]);
  });

  it('counts a place once, under the kind that says most', () => {
    expect(countsIn('DOB: 01/02/1950, SSN: 123-45-6789, fax 206-555-0142')).toEqual({
      'birth-date': 1,
      'insurance-number': 1,
      phone: 1,
    });
  });

  it('never shows a value: of each, the first character and the shape', () => {
    const secrets = [
      'Anneliese',
      'Hohenstein',
      '1950',
      '555-0142',
      'example.org',
      '00482913',
      'Amphlett',
    ];
    const text =
      'Dr. Anneliese Hohenstein, DOB: 01/02/1950, phone 206-555-0142, mail ann@example.org, ' +
      'MRN 00482913, 1730 South Amphlett Blvd';
    const examples = scan(text).flatMap((finding) => finding.examples);
    expect(examples).toEqual([
      'Dr. A•••••••• ••••••••••',
      'DOB: 0•/••/••••',
      'phone 2••-•••-••••',
      'a••@•••••••.•••',
      'MRN 0•••••••',
      '1••• ••••• •••••••• ••••',
    ]);
    for (const secret of secrets) expect(examples.join(' ')).not.toContain(secret);
  });

  it('keeps three different examples of a kind and goes on counting', () => {
    const text = ['Adams', 'Bauer', 'Chen', 'Diaz', 'Adams']
      .map((name) => `Ms. ${name}.`)
      .join(' ');
    const [finding] = scan(text);
    expect(finding).toMatchObject({ count: 5, examples: ['Ms. A••••', 'Ms. B••••', 'Ms. C•••'] });
  });

  it('says that the end of a very long document was not looked at', () => {
    const found = new PersonalDataScan();
    found.add(`${'x '.repeat(60_000)} Dr. Smith`);
    expect(found).toMatchObject({ cut: true, documents: 1, characters: 100_000 });
    expect(found.findings()).toEqual([]);
  });

  it('is not made slow by text that nearly matches', () => {
    // Patterns with unbounded or nested repetition would not come back within the test's time.
    for (const unit of [
      'a',
      'Aa ',
      '1-',
      'a@',
      'Dr. von von ',
      '[**',
      '+1 ',
      'policy number 1 1 ',
    ]) {
      expect(Array.isArray(scan(unit.repeat(20_000 / unit.length)))).toBe(true);
    }
  });
});
