import { describe, expect, it } from 'vitest';
import {
  changeWords,
  filesWords,
  sampleWords,
} from '../../../../core/workbench/corpusPreviewWords.ts';
import {
  FIRST_CHOICES,
  columnOptions,
  importReport,
  previewRequest,
  readingRequest,
  settingsFor,
  suggestedChoices,
} from '../../../../renderer/lib/corpusImport.ts';
import { samplePreview } from '../../../../renderer/gallery/samplePreview.ts';

const PREVIEW = samplePreview(null);

describe('settings of an import', () => {
  it('are those of the files that were found, or are guessed from names before', () => {
    const both = { files: 3, filesByFormat: { text: 1, csv: 2 } };
    expect(settingsFor(['a'], { ...PREVIEW, ...both })).toEqual({ text: true, table: true });
    expect(settingsFor(['a.txt'], PREVIEW)).toEqual({ text: false, table: true });
    expect(settingsFor(['a.csv.gz'], undefined)).toEqual({ text: false, table: true });
    expect(settingsFor(['notes', 'b.CSV'], undefined)).toEqual({ text: true, table: true });
    expect(settingsFor(['notes'], { ...PREVIEW, files: 0, filesByFormat: {} })).toEqual({
      text: true,
      table: false,
    });
  });

  it('name only columns that were chosen', () => {
    const paths = ['/a.csv'];
    const plain = { paths, documentBoundary: 'file', strict: false };
    expect(readingRequest(paths, { ...FIRST_CHOICES, column: ' ' })).toEqual(plain);
    const chosen = { ...FIRST_CHOICES, column: ' note ', groupColumn: 'id', isStrict: true };
    expect(previewRequest(paths, chosen)).toEqual({
      ...plain,
      strict: true,
      column: 'note',
      groupColumn: 'id',
      limit: 5,
    });
  });

  it('follow suggestions where nothing was chosen', () => {
    expect(suggestedChoices(PREVIEW, FIRST_CHOICES)).toEqual({ groupColumn: 'patient_id' });
    const unclear = { ...PREVIEW, suggestedColumn: 'note', suggestedGroupColumn: null };
    expect(suggestedChoices(unclear, FIRST_CHOICES)).toEqual({
      column: 'note',
      guessedColumn: 'note',
    });
    expect(suggestedChoices(unclear, { ...FIRST_CHOICES, column: 'id' })).toBeUndefined();
  });

  it('show columns with their kind and first value', () => {
    const [id, , , note] = columnOptions(PREVIEW.columns);
    expect(id).toEqual({ value: 'id', label: 'id', detail: 'number · 100482' });
    expect(note?.detail).toMatch(/^text · CHIEF COMPLAINT.{19,21}…$/s);
    const empty = { name: 'x', kind: 'empty', text: true, examples: [], meanLength: 0 } as const;
    expect(columnOptions([{ ...empty, examples: [] }])[0]?.detail).toBe('empty');
  });
});

describe('words of a preview', () => {
  it('count files by format', () => {
    expect(filesWords(PREVIEW)).toBe('3 files: 1 CSV, 2 JSON Lines');
    expect(filesWords({ ...PREVIEW, files: 1, filesByFormat: { text: 1 } })).toBe(
      '1 file, plain text',
    );
    expect(filesWords({ ...PREVIEW, files: 0, filesByFormat: {} })).toBe('0 files');
  });

  it('say how much was looked at', () => {
    const sample = { ...PREVIEW.personalData, documents: 2000, files: 64, complete: false };
    expect(sampleWords(sample, 64)).toBe('in the first 2,000 documents of 64 files');
    expect(sampleWords(sample, 1207)).toBe('in the first 2,000 documents of 64 of 1,207 files');
    const one = { ...sample, documents: 1, files: 1 };
    expect(sampleWords(one, 1)).toBe('in the first document of 1 file');
    expect(sampleWords({ ...one, complete: true }, 1)).toBe('in the one document');
    expect(sampleWords({ ...sample, complete: true }, 64)).toBe('in all 2,000 documents');
  });

  it('say what is changed or left out', () => {
    expect(changeWords(PREVIEW)).toEqual([
      '2 files of other formats are passed over.',
      '1 empty document left out so far.',
      '2 places that are not UTF-8 so far, read with a replacement character.',
    ]);
    const none = { skippedFiles: 0, emptyDocuments: 0, replacedSequences: 0 };
    expect(changeWords({ ...PREVIEW, ...none })).toEqual([]);
  });
});

describe('the report of an import', () => {
  const corpus = {
    documents: 2310,
    documentsRead: 2614,
    exactDuplicates: 304,
    nearDuplicates: 38,
    nearDuplicateClusters: 15,
    replacedSequences: 1,
    splitDocuments: { train: 2079, validation: 116, test: 115 },
  };

  it('says what was left out, kept together, split and replaced', () => {
    expect(importReport(corpus)).toEqual({
      message: '2,310 of 2,614 documents; 304 exact duplicates left out.',
      detail:
        '38 near duplicates in 15 clusters kept together; 2,079 train, 116 validation and 115 test documents; 1 place not UTF-8 replaced.',
    });
  });

  it('does not speak of what did not happen', () => {
    const clean = { exactDuplicates: 0, nearDuplicates: 0, replacedSequences: 0 };
    expect(importReport({ ...corpus, ...clean })).toEqual({
      message: '2,310 of 2,614 documents.',
      detail: '2,079 train, 116 validation and 115 test documents.',
    });
  });
});
