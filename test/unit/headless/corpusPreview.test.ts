import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../core/headless/program.ts';
import { MOST_DOCUMENTS } from '../../../core/workbench/schemas/corpusPreview.ts';
import type { CorpusPreview } from '../../../core/workbench/schemas/corpusPreview.ts';
import { memoryEnvironment, PreparedWorkbench } from './fakes.ts';

const PREVIEW: CorpusPreview = {
  files: 3,
  skippedFiles: 1,
  bytes: 23_400_000,
  filesByFormat: { text: 1, csv: 2 },
  columns: [
    { name: 'id', kind: 'number', text: true, examples: ['1'], meanLength: 1 },
    { name: 'note', kind: 'text', text: true, examples: ['Dr. Smith saw\tthis'], meanLength: 60 },
  ],
  columnsLeftOut: 3,
  column: 'note',
  suggestedColumn: null,
  suggestedGroupColumn: 'id',
  documents: [{ text: 'One.\n\u001b[2JTwo.', characters: 11 }],
  emptyDocuments: 0,
  replacedSequences: 1,
  removedNulCharacters: 0,
  personalData: {
    findings: [{ kind: 'name', count: 1204, documents: 9, examples: ['Dr. S••••'] }],
    files: 2,
    documents: 2000,
    characters: 99_000,
    complete: false,
  },
  problem: null,
};

async function preview(changes: Partial<CorpusPreview>, ...options: string[]) {
  const workbench = new PreparedWorkbench({ 'corpora/preview': { ...PREVIEW, ...changes } });
  const environment = memoryEnvironment(workbench);
  const args = ['corpus', 'preview', 'a', ...options];
  const exitCode = await runCommandLine(args, environment, '1.2.3');
  return { exitCode, out: environment.stdout.text, error: environment.stderr.text };
}

describe('corpus preview', () => {
  it('shows files, columns, documents and what looks like personal data', async () => {
    const { exitCode, out } = await preview({});
    expect(exitCode).toBe(0);
    expect(out).toContain(
      '3 files: 1 plain text, 2 CSV, 23.4 MB.\n1 file of other formats is passed over.\n',
    );
    expect(out).toMatch(/^use +column +kind +first value$/m);
    expect(out).toMatch(/^group\? +id +number +1$/m);
    expect(out).toMatch(/^text +note +text +Dr\. Smith saw +this$/m);
    expect(out).toContain('3 more columns are not shown.');
    expect(out).toContain(
      'This looks like personal data (looked in the first 2,000 documents of 2 of 3 files):',
    );
    expect(out).toMatch(/^names +1,204 +9 +Dr\. S••••$/m);
    expect(out).toContain('A hint and no proof');
  });

  it('prints no control characters of a file', async () => {
    const { out } = await preview({});
    expect(out).toContain('Document 1, 11 characters\n  One.\n  ·[2JTwo.\n');
    expect(out).not.toContain('\u001b');
  });

  it('says what would stop an import, and ends with 1', async () => {
    const problem = {
      code: 'corpus/empty',
      message: 'There is no document in a.',
      hint: 'Check it.',
    };
    const { exitCode, out } = await preview({ problem });
    expect(exitCode).toBe(1);
    expect(out).toMatch(/An import would stop: There is no document in a\.\nCheck it\.\n$/);
    const document = JSON.parse((await preview({ problem }, '--json')).out) as CorpusPreview;
    expect(document.problem).toEqual(problem);
  });

  it('does not take a format that it cannot look into for a problem', async () => {
    const problem = { code: 'corpus/no-preview', message: 'It is gzipped.', hint: 'Import it.' };
    const { exitCode, out } = await preview({ problem });
    expect(exitCode).toBe(0);
    expect(out).not.toContain('would stop');
    expect(out).toMatch(/It is gzipped\.\nImport it\.\n$/);
  });

  it.each(['0', '1000', '-1', 'all'])('does not show %s documents', async (count) => {
    const { exitCode, out, error } = await preview({}, '--show', count);
    expect(exitCode).not.toBe(0);
    expect(out).toBe('');
    expect(error).toMatch(/--show <number>/);
    expect(error).toContain(`A whole number from 1 to ${MOST_DOCUMENTS} is needed.`);
  });

  it('says that nothing was found, and in how much', async () => {
    const personalData = { ...PREVIEW.personalData, findings: [], documents: 12, complete: true };
    const { out } = await preview({ personalData });
    expect(out).toContain('Nothing was found that looks like personal data in all 12 documents.');
  });
});
