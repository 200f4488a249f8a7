/** A look into files, in the job process of a real Workbench. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkbenchClient, WorkbenchEvent } from '../../../core/workbench/contract.ts';
import { startNodeProcess } from '../../../core/workbench/hostProcess.ts';
import { connectWorkbench } from '../../../core/workbench/remoteClient.ts';
import { newScratch, open, writeText } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

let scratch: Scratch;
let workbench: WorkbenchClient;
const started: string[] = [];

beforeEach(async () => {
  scratch = await newScratch();
  started.length = 0;
  workbench = await open(scratch, {
    startProcess: (entry, args) => {
      started.push(...args);
      return startNodeProcess(entry, args);
    },
  });
});

afterEach(async () => {
  await workbench.close();
  await scratch.remove();
});

describe('corpora/preview', () => {
  it('looks in a process of its own and leaves nothing in the home folder', async () => {
    const before = await readdir(scratch.home, { recursive: true });
    const paths = [await writeText(scratch, 'target', 3000, ['Dr. Smith called 555-123-4567.'])];
    const stages: string[] = [];
    const onProgress = (event: WorkbenchEvent): void => {
      if (event.type === 'progress') stages.push(event.stage);
    };
    const request = { paths, documentBoundary: 'line', limit: 2 } as const;
    const preview = await workbench.call('corpora/preview', request, { onProgress });
    expect(preview).toMatchObject({
      files: 1,
      filesByFormat: { text: 1 },
      columns: [],
      documents: [{ text: expect.stringContaining('patient') as string }, {}],
      personalData: { findings: [], documents: 2000, complete: false },
      problem: null,
    });
    expect(stages).toContain('looking for personal data');
    expect(started).toEqual(['corpora/preview']);
    expect(await readdir(scratch.home, { recursive: true })).toEqual(before);
  });

  it('shows the beginning of a long document and counts all of it', async () => {
    const path = join(scratch.inputs, 'long.txt');
    await writeFile(path, `${'x'.repeat(1999)}🩺${'y'.repeat(50_000)}`);
    const { documents } = await workbench.call('corpora/preview', { paths: [path] });
    expect(documents).toEqual([{ text: `${'x'.repeat(1999)}\ufffd`, characters: 52_001 }]);
  });

  it('counts columns that are too many to show or have no name', async () => {
    const path = join(scratch.inputs, 'wide.csv');
    const names = Array.from({ length: 300 }, (_, index) => `c${index}`);
    await writeFile(path, `${['y'.repeat(201), ...names].join(',')}\n1,2\n`);
    const { columns, columnsLeftOut } = await workbench.call('corpora/preview', { paths: [path] });
    expect([columns.length, columns[0]?.name, columnsLeftOut]).toEqual([200, 'c0', 101]);
  });

  it.each([
    ['empty.txt', '', 'corpus/empty', 'empty.txt'],
    ['quote.csv', 'id,text\n1,"open\n2,b\n', 'corpus/malformed-table', 'Line 3 of quote.csv'],
    ['keys.jsonl', '{"left":"a","right":"b"}\n', 'corpus/column-unclear', 'left, right'],
    ['cut.parquet', 'PAR1 and no end', 'corpus/', 'cut.parquet'],
    ['cut.txt.gz', 'no gzip', 'corpus/damaged-gzip', 'cut.txt.gz'],
  ])('tells what is wrong with %s', async (name, content, code, message) => {
    const path = join(scratch.inputs, name);
    await writeFile(path, content);
    const { problem } = await workbench.call('corpora/preview', { paths: [path] });
    expect(problem?.code).toContain(code);
    expect(problem?.message).toContain(message);
    expect(problem?.hint).not.toBe('');
    // The import agrees.
    await expect(
      workbench.call('corpora/import', { paths: [path], name: 'bad' }),
    ).rejects.toMatchObject({ code: problem?.code });
  });

  it('fails when there is nothing that could be looked into', async () => {
    const missing = workbench.call('corpora/preview', { paths: [join(scratch.inputs, 'none')] });
    await expect(missing).rejects.toMatchObject({ code: 'system/enoent' });
    const unknown = join(scratch.inputs, 'a.docx');
    await writeFile(unknown, '');
    await expect(workbench.call('corpora/preview', { paths: [unknown] })).rejects.toMatchObject({
      code: 'corpus/unknown-format',
    });
    const folder = join(scratch.inputs, 'pictures');
    await mkdir(folder);
    const { problem } = await workbench.call('corpora/preview', { paths: [folder] });
    expect(problem?.code).toBe('corpus/no-files');
  });

  it('can be stopped', async () => {
    const stop = new AbortController();
    const paths = [await writeText(scratch, 'target', 3000)];
    const preview = workbench.call('corpora/preview', { paths }, { signal: stop.signal });
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await expect(preview).rejects.toMatchObject({ code: 'call/aborted' });
  });

  it('beside an owner is the own work of whoever asks: text waits in no file', async () => {
    const own: string[] = [];
    const client = await connectWorkbench(scratch.home, (entry, args) => {
      own.push(...args);
      return startNodeProcess(entry, args);
    });
    const paths = [await writeText(scratch, 'target', 5)];
    const preview = await client.call('corpora/preview', { paths });
    expect(preview.documents).toHaveLength(1);
    expect([own, started]).toEqual([['corpora/preview'], []]);
    await client.close();
  });
});
