/** What a look into sample files shows. */
import type { CorpusPreview } from '../../core/workbench/schemas/corpusPreview.ts';

const NOTE = `CHIEF COMPLAINT

Annual exam.

HISTORY OF PRESENT ILLNESS

A 50-year-old female with a past medical history of congestive heart failure, depression and hypertension presents for her annual exam. She reports that she is staying active and has continued watching her diet.

ASSESSMENT AND PLAN

Congestive heart failure: her fluid status is stable on furosemide 40 mg daily. Continue lisinopril; repeat the echocardiogram in six months.`;

/** `column` null: the text column is found by its name. */
export function samplePreview(column: string | null): CorpusPreview {
  return {
    files: 3,
    skippedFiles: 2,
    bytes: 48_210_332,
    filesByFormat: { csv: 1, jsonl: 2 },
    columns: [
      { name: 'id', kind: 'number', text: false, examples: ['100482', '100483'], meanLength: 6 },
      { name: 'patient_id', kind: 'text', text: true, examples: ['P-0032'], meanLength: 6 },
      { name: 'admitted', kind: 'date', text: true, examples: ['2024-03-02'], meanLength: 10 },
      { name: 'note', kind: 'text', text: true, examples: [NOTE.slice(0, 80)], meanLength: 1840 },
    ],
    columnsLeftOut: 0,
    column: column ?? 'note',
    suggestedColumn: null,
    suggestedGroupColumn: 'patient_id',
    documents: [NOTE, NOTE.slice(0, 160), NOTE.slice(60)].map((text, index) => ({
      text,
      characters: index === 0 ? 3724 : text.length,
    })),
    emptyDocuments: 1,
    replacedSequences: 2,
    removedNulCharacters: 0,
    personalData: {
      findings: [
        { kind: 'name', count: 1240, documents: 811, examples: ['Dr. S••••', 'Ms. P•••••••'] },
        { kind: 'birth-date', count: 96, documents: 90, examples: ['DOB: 0•/••/••••'] },
        { kind: 'date', count: 2831, documents: 1702, examples: ['1•/••/••••', 'M•• ••, ••••'] },
        { kind: 'phone', count: 41, documents: 38, examples: ['(5••) •••-••••'] },
        { kind: 'record-number', count: 310, documents: 310, examples: ['MRN: 4••••••'] },
      ],
      files: 3,
      documents: 2000,
      characters: 998_120,
      complete: false,
    },
    problem: null,
  };
}
