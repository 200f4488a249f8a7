import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedFolder } from '../../fixtures/shared.ts';
import { spawnCli } from './spawnCli.ts';

let folder = '';
let home = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-cli-'));
  home = join(folder, 'home');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

/** Runs with --json and checks that standard output is one document and nothing else. */
async function json<Document>(
  args: readonly string[],
  exitCode: number,
): Promise<{ document: Document; stderr: string }> {
  const result = await spawnCli([...args, '--json']);
  expect(result.exitCode, result.stderr).toBe(exitCode);
  return { document: JSON.parse(result.stdout) as Document, stderr: result.stderr };
}

describe('wrong usage', () => {
  it.each([
    [['frobnicate'], 'usage/unknown-command'],
    [['runs', 'show'], 'usage/missing-argument'],
    [['doctor', '--fast'], 'usage/unknown-option'],
    [[], 'usage/missing-command'],
  ])('%j ends with 2', async (args, code) => {
    const { document } = await json<ErrorDocument>(args, 2);
    expect(document.error.code).toBe(code);
    const plain = await spawnCli(args);
    expect(plain.exitCode).toBe(2);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).toContain(`Error: ${document.error.message}\n${document.error.hint}\n`);
  });

  it('touches no home folder', async () => {
    await spawnCli(['model', 'import', '--home', join(folder, 'untouched')]);
    expect(await readdir(folder)).not.toContain('untouched');
  });
});

describe('bad input ends with 1 and leaves nothing', () => {
  const refuses = async (
    args: readonly string[],
    code: string,
  ): Promise<ErrorDocument['error']> => {
    const { document } = await json<ErrorDocument>([...args, '--home', home], 1);
    expect(Object.keys(document)).toEqual(['error']);
    expect(document.error.code).toBe(code);
    expect(document.error.message).toMatch(/\.$/);
    expect(document.error.hint).not.toBe('');
    return document.error;
  };

  it('a folder that is no model', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    await refuses(['model', 'import', empty], 'model/not-a-model');
    expect((await json<unknown[]>(['model', 'list', '--home', home], 0)).document).toEqual([]);
  });

  it('a column that is not there', async () => {
    const path = join(folder, 'table.csv');
    await writeFile(path, 'id,body\n1,hello there\n');
    const args = ['corpus', 'import', path, '--name', 'notes', '--column', 'text'];
    const error = await refuses(args, 'corpus/missing-column');
    expect(`${error.message} ${error.hint}`).toContain('body');
    expect((await json<unknown[]>(['corpus', 'list', '--home', home], 0)).document).toEqual([]);
  });

  it('a run that does not exist', async () => {
    const error = await refuses(['runs', 'show', 'nothing'], 'run/not-found');
    expect(error.message).toBe('There is no run "nothing".');
  });

  it('a project file with a wrong value', async () => {
    const path = join(folder, 'wrong.yaml');
    await writeFile(
      path,
      'name: p\nbase_model: b\ntarget_corpus: t\nsource_corpus: s\ntraining:\n  learning_rate: fast\n',
    );
    const error = await refuses(['run', path], 'project/wrong-value');
    expect(error.message).toContain('(line 6, column 3)');
  });

  it.skipIf(process.getuid?.() === 0)('a home folder that cannot be written', async () => {
    const locked = join(folder, 'locked');
    await mkdir(locked, { mode: 0o500 });
    const { document } = await json<ErrorDocument>(['model', 'list', '--home', locked], 1);
    expect(document.error.code).toBe('home/read-only');
    await chmod(locked, 0o700);
  });
});

describe('doctor', () => {
  it('checks the engines and counts what is there', async () => {
    interface Diagnostics {
      readonly home: string;
      readonly engines: readonly { readonly name: string; readonly available: boolean }[];
    }
    const { document } = await json<Diagnostics>(['doctor', '--home', home], 0);
    expect(document.home).toContain('home');
    expect(document.engines.find(({ name }) => name === 'cpu')?.available).toBe(true);
    const { stdout } = await spawnCli(['doctor', '--home', home]);
    expect(stdout).toMatch(/^cpu +ready +/m);
    expect(stdout).toMatch(/^ +storage +.* free$/m);
  });
});

describe('a reader that goes away', () => {
  it('does not make the command fail', async () => {
    const script = `"${process.execPath}" core/headless/cli.ts run --help; echo "code $?" >&2`;
    const child = spawn('sh', ['-c', `{ ${script}; } | true`], {
      cwd: join(import.meta.dirname, '../../..'),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toBe('code 0\n');
  });
});

describe('the launcher', () => {
  it('has a shebang, runs the command line, and passes its exit code on', async () => {
    const launcher = join(import.meta.dirname, '../../../core/headless/palimpsest.cjs');
    expect((await readFile(launcher, 'utf8')).split('\n')[0]).toBe('#!/usr/bin/env node');
    const exitCode = await new Promise((resolve) => {
      spawn(launcher, ['frobnicate'], { stdio: 'ignore' }).on('close', resolve);
    });
    expect(exitCode).toBe(2);
  });
});

const shared = sharedFolder();
describe.skipIf(shared === undefined)(
  'with the shared model (../shared beside the checkout)',
  () => {
    const model = join(shared ?? '', 'models/bert-tiny-enwiki');

    it('score tells a likely word from an unlikely one, and needs no home folder', async () => {
      // [CLS] paris is the [MASK] of france . [SEP] with the label capital, then banana.
      const words = await vocabulary(model);
      const ids = ['[CLS]', 'paris', 'is', 'the', '[MASK]', 'of', 'france', '.', '[SEP]'].map(
        words,
      );
      const line = (word: string): string => {
        const labels = ids.map((_, index) => (index === 4 ? words(word) : -100));
        return JSON.stringify({ input_ids: ids, labels });
      };
      const masked = join(folder, 'masked.jsonl');
      await writeFile(masked, `${line('capital')}\n\n${line('banana')}\n`);
      interface Scores {
        readonly meanNll: number;
        readonly lines: readonly { line: number; sum: number; count: number }[];
      }
      const args = ['score', '--model', model, '--masked', masked];
      const { document } = await json<Scores>(args, 0);
      expect(document.lines.map(({ line, count }) => [line, count])).toEqual([
        [1, 1],
        [3, 1],
      ]);
      const [likely, unlikely] = document.lines;
      expect(likely.sum).toBeLessThan(unlikely.sum);
      expect(document.meanNll).toBeCloseTo((likely.sum + unlikely.sum) / 2, 10);

      const plain = await spawnCli(args);
      expect(plain.stdout).toContain(`meanNll ${document.meanNll.toFixed(6)} nats a token`);
    });

    it('score names the line that does not fit the model', async () => {
      const masked = join(folder, 'bad.jsonl');
      await writeFile(
        masked,
        '{"input_ids":[101,103,102],"labels":[-100,7,-100]}\n{"input_ids":[99999],"labels":[1]}\n',
      );
      const { document } = await json<ErrorDocument>(
        ['score', '--model', model, '--masked', masked],
        1,
      );
      expect(document.error.code).toBe('score/bad-line');
      expect(document.error.message).toContain('bad.jsonl, line 2: input_ids[0] is 99999');
    });

    it('import, list and a second name are seen by the next process', async () => {
      const imported = await json<{ id: string; name: string }>(
        ['model', 'import', model, '--name', 'tiny', '--home', home],
        0,
      );
      expect(imported.document.name).toBe('tiny');
      const { document } = await json<{ id: string }[]>(['model', 'list', '--home', home], 0);
      expect(document.map(({ id }) => id)).toEqual([imported.document.id]);
    });
  },
);

async function vocabulary(model: string): Promise<(word: string) => number> {
  const entries = (await readFile(join(model, 'vocab.txt'), 'utf8')).split('\n');
  return (word) => {
    const id = entries.indexOf(word);
    if (id === -1) throw new Error(`${word} is not in the vocabulary`);
    return id;
  };
}
