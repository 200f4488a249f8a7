import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { runCommandLine } from '../../../core/headless/program.ts';
import type { Model } from '../../../core/workbench/contract.ts';
import { memoryEnvironment, PreparedWorkbench, runDetail } from './fakes.ts';
import type { Answers } from './fakes.ts';

async function run(args: string[], answers: Answers = {}) {
  const workbench = new PreparedWorkbench(answers);
  const environment = memoryEnvironment(workbench);
  const exitCode = await runCommandLine(args, environment, '1.2.3');
  const { stdout, stderr, homes } = environment;
  return { exitCode, out: stdout.text, error: stderr.text, workbench, homes };
}

const MODEL: Model = {
  id: 'model-1',
  name: 'bert-tiny',
  hash: 'abcd',
  architecture: 'bert',
  parameters: 4416698,
  vocabSize: 30522,
  hiddenSize: 128,
  layers: 2,
  maxSeqLength: 512,
  tokenizerKind: 'wordpiece',
  tokenizerHash: 'ef01',
  cased: false,
  folder: '/home/models/abcd',
  linked: false,
  parentRun: null,
  notices: ['The folder has no masked-language-model head; a new, random one was made.'],
  createdAt: '2026-11-23T18:00:00.000Z',
};

describe('help', () => {
  it('of the program groups the commands and shows how to start', async () => {
    const { exitCode, out } = await run(['--help']);
    expect(exitCode).toBe(0);
    for (const line of [
      /^Data:$/m,
      /^Training:$/m,
      /^Checking:$/m,
      /^ {2}model +import, make, list and remove models$/m,
      /^ {2}run <project> +run a project file to its end$/m,
      /^ {2}export <run> <folder> /m,
      /^Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted\.$/m,
    ]) {
      expect(out).toMatch(line);
    }
    expect(out).not.toMatch(/!/);
  });

  it.each([
    [
      ['model', 'import'],
      ['--name', '--link', 'config.json'],
    ],
    [
      ['model', 'init'],
      ['--config', '--tokenizer', '--name', '--seed'],
    ],
    [['model', 'list'], []],
    [
      ['corpus', 'import'],
      ['--name', '--column', '--group-column', '--documents', '--strict'],
    ],
    [
      ['corpus', 'preview'],
      ['--column', '--group-column', '--documents', '--strict', '--show', 'personal data'],
    ],
    [['corpus', 'list'], []],
    [['corpus', 'report'], ['--model']],
    [['run'], ['--engine', 'learning_rate: 5e-5', 'ewc: {lambda: [10, 100, 1000]}']],
    [
      ['runs', 'list'],
      ['--project', '--state'],
    ],
    [['runs', 'show'], []],
    [['runs', 'pause'], []],
    [['runs', 'resume'], ['Ctrl-C']],
    [['runs', 'cancel'], []],
    [['runs', 'import'], []],
    [['export'], ['transformers']],
    [
      ['purge', 'corpus'],
      ['--yes', 'way back'],
    ],
    [['demo'], ['--engine']],
    [['doctor'], []],
    [['score'], ['--model', '--masked', '--engine', 'attention_mask']],
  ])('of %j names its options, --home and --json', async (path, mentioned) => {
    const { exitCode, out } = await run([...path, '--help']);
    expect(exitCode).toBe(0);
    expect(out).toContain(`Usage: palimpsest ${path.join(' ')}`);
    for (const word of [...mentioned, '--home <folder>', '--json']) expect(out).toContain(word);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });

  it('is also a command, and the version an option', async () => {
    expect((await run(['help', 'runs'])).out).toContain('cancel <run>');
    expect(await run(['--version'])).toMatchObject({ exitCode: 0, out: '1.2.3\n' });
  });
});

describe('wrong usage', () => {
  it.each([
    [['modle'], 'usage/unknown-command', "Unknown command 'modle'.", 'Did you mean model?'],
    [['model', 'imprt', 'x'], 'usage/unknown-command', "'imprt'", 'Did you mean import?'],
    [['model', 'import'], 'usage/missing-argument', "argument 'folder'", 'model import --help'],
    [['model', 'import', 'x', '--nme', 'y'], 'usage/unknown-option', '--nme', '--name?'],
    [['corpus', 'import', 'x'], 'usage/missing-mandatory-option-value', '--name', 'corpus import'],
    [
      ['score', '--model', 'a', '--masked', 'b', '--engine', 'cuda'],
      'usage/invalid-argument',
      'auto, cpu, webgpu, tensorflow',
      'score --help',
    ],
    [
      ['model', 'init', '--config', 'a', '--tokenizer', 'b', '--name', 'c', '--seed', '-1'],
      'usage/',
      '--seed',
      'model init',
    ],
    [['run', 'a', 'b'], 'usage/excess-arguments', 'Expected 1 argument but got 2', 'run --help'],
    [['runs'], 'usage/missing-command', '"palimpsest runs" needs a command.', 'list, show, pause'],
    [[], 'usage/missing-command', '"palimpsest" needs a command.', 'model, corpus'],
  ])('%j', async (args, code, sentence, hint) => {
    const plain = await run(args);
    expect(plain.exitCode).toBe(2);
    expect(plain.out).toBe('');
    expect(plain.error).toMatch(/^Error: /m);
    expect(plain.error).toContain(sentence);
    expect(plain.error).toContain(hint);

    const json = await run([...args, '--json']);
    expect(json.exitCode).toBe(2);
    const { error } = JSON.parse(json.out) as { error: Record<string, string> };
    expect(Object.keys(error)).toEqual(['code', 'message', 'hint']);
    expect(error['code']).toContain(code);
    expect(error['message']).toContain(sentence);
    expect(error['hint']).toContain(hint);
  });
});

describe('options become requests', () => {
  it.each([
    [
      ['model', 'import', 'some/bert', '--name', 'bert', '--link'],
      { name: 'models/import', request: { path: resolve('some/bert'), name: 'bert', link: true } },
    ],
    [
      ['model', 'init', '--config', 'c.json', '--tokenizer', 't', '--name', 'new', '--seed', '7'],
      {
        name: 'models/init',
        request: {
          configPath: resolve('c.json'),
          tokenizerPath: resolve('t'),
          name: 'new',
          seed: 7,
        },
      },
    ],
    [
      [
        'corpus',
        'import',
        'a.csv',
        'b',
        '--name',
        'notes',
        '--column',
        'text',
        '--group-column',
        'patient',
        '--documents',
        'line',
        '--strict',
        '--split',
        '0,0.5,0.5',
      ],
      {
        name: 'corpora/import',
        request: {
          paths: [resolve('a.csv'), resolve('b')],
          name: 'notes',
          column: 'text',
          groupColumn: 'patient',
          documentBoundary: 'line',
          strict: true,
          seed: 0,
          splitShares: { train: 0, validation: 0.5, test: 0.5 },
        },
      },
    ],
    [
      ['corpus', 'preview', 'a.csv', '--column', 'text', '--documents', 'line', '--show', '7'],
      {
        name: 'corpora/preview',
        request: {
          paths: [resolve('a.csv')],
          column: 'text',
          documentBoundary: 'line',
          strict: false,
          limit: 7,
        },
      },
    ],
    [
      ['corpus', 'report', 'notes', '--model', 'bert'],
      { name: 'corpora/report', request: { corpus: 'notes', model: 'bert' } },
    ],
    [['purge', 'corpus', 'notes'], { name: 'corpora/purge', request: { corpus: 'notes' } }],
    [
      ['runs', 'list', '--project', 'pilot', '--state', 'failed'],
      { name: 'runs/list', request: { project: 'pilot', state: 'failed', archived: false } },
    ],
    [['runs', 'pause', 'r'], { name: 'runs/pause', request: { run: 'r' } }],
    [['runs', 'cancel', 'r'], { name: 'runs/cancel', request: { run: 'r' } }],
    [['runs', 'import', 'dir'], { name: 'runs/import', request: { path: resolve('dir') } }],
    [
      ['export', 'r', 'out'],
      { name: 'runs/export', request: { run: 'r', folder: resolve('out'), weights: 'last' } },
    ],
    [
      ['export', 'r', 'out', '--weights', 'best'],
      { name: 'runs/export', request: { run: 'r', folder: resolve('out'), weights: 'best' } },
    ],
    [['doctor'], { name: 'system/diagnostics', request: {} }],
  ])('%j', async (args, request) => {
    // The answer is of no interest here: the call fails after it was recorded.
    const refusal = new UserError('test/refused', 'Refused.', 'Nothing to do.');
    const { workbench, exitCode } = await run(args, { [request.name]: refusal });
    expect(workbench.requests).toEqual([request]);
    expect(workbench.closed).toBe(true);
    expect(exitCode).toBe(1);
  });

  it('the home folder may stand before or after the command', async () => {
    const answers = { 'models/list': [] };
    expect((await run(['--home', '/a', 'model', 'list'], answers)).homes).toEqual(['/a']);
    expect((await run(['model', 'list', '--home', '/a'], answers)).homes).toEqual(['/a']);
    const { out } = await run(['--json', 'model', 'list'], answers);
    expect(JSON.parse(out)).toEqual([]);
  });
});

describe('answers', () => {
  it('are a table for people and the reply for programs', async () => {
    const answers = { 'models/list': [MODEL] };
    const { out } = await run(['model', 'list'], answers);
    expect(out).toBe(
      'name       architecture  layers  hidden  parameters  vocabulary  id\n' +
        'bert-tiny  bert               2     128   4,416,698      30,522  model-1\n',
    );
    expect(JSON.parse((await run(['model', 'list', '--json'], answers)).out)).toEqual([MODEL]);
  });

  it('say what to do when there is nothing yet', async () => {
    for (const [args, call] of [
      [['model', 'list'], 'models/list'],
      [['corpus', 'list'], 'corpora/list'],
      [['runs', 'list'], 'runs/list'],
    ] as const) {
      const { out, exitCode } = await run([...args], { [call]: [] });
      expect(out).toMatch(/^No \w+ yet\. "palimpsest /);
      expect(exitCode).toBe(0);
    }
  });

  it('show notices of an import', async () => {
    const { out } = await run(['model', 'import', 'x'], { 'models/import': MODEL });
    expect(out).toContain('Imported model bert-tiny.');
    expect(out).toContain('note            The folder has no masked-language-model head');
  });

  it('say what an import changed in the text', async () => {
    const corpus = {
      ...{ id: 'corpus-1', name: 'notes', folder: '/c', contentHash: 'a1', documents: 9 },
      ...{ characters: 90, documentsRead: 9, exactDuplicates: 0, nearDuplicates: 0 },
      ...{ nearDuplicateClusters: 0, replacedSequences: 3, removedNulCharacters: 1234 },
      splitDocuments: { train: 7, validation: 1, test: 1 },
      ...{ column: null, groupColumn: null, createdAt: '2026-11-23T18:00:00.000Z' },
    };
    const args = ['corpus', 'import', 'x', '--name', 'notes'];
    const { out } = await run(args, { 'corpora/import': corpus });
    expect(out).toMatch(/note +3 sequences that were not UTF-8 were replaced/);
    expect(out).toMatch(/note +1,234 NUL characters were removed/);
  });

  it('show a run with its error', async () => {
    const error = { code: 'x', message: 'The disk is full: /x.', hint: 'Free some space.' };
    const failed = runDetail({ state: 'failed', error, step: 12 });
    const change = { change: 0.861, low: 0.8, high: 0.914, p: 0.0002, documents: 59 };
    const set = { name: 'source', role: 'source', split: 'test', setHash: 'a1' } as const;
    const answers = { 'runs/show': failed, 'runs/changes': [{ ...set, ...change }] };
    const { out } = await run(['runs', 'show', 'run-1'], answers);
    expect(out).toMatch(/source +test +\+0\.861 +\+0\.800 to \+0\.914 +< 0\.001 +59/);
    expect(out).toContain('12 of 1,500');
    expect(out).toContain('The disk is full: /x.');
    expect(out).toMatch(/^ *step +phase +role +split +NLL +pseudo-perplexity +tokens$/m);
    expect(out).toMatch(/2\.250 +9\.49/);
    expect(out).not.toMatch(/Rehearsal|Fisher|Conventions|guard/);
  });

  it('say of a guard that it ended a run which diverged', async () => {
    const guard = { step: 120, action: 'rollback', nll: null, bound: 3.4, keptStep: 100 } as const;
    const { out } = await run(['runs', 'show', 'run-1'], {
      'runs/show': runDetail({ guard }),
      'runs/changes': [],
    });
    expect(out).toMatch(
      /rolled back at step 120: the run diverged, bound 3\.400; the run has the weights of step 100$/m,
    );
  });

  it('show what a run says of its conventions, its buffer, its estimate and its guard', async () => {
    const reported = runDetail({
      conventions: { objective: 'minimise ℓ_t', penalty_gradient: 'in closed form' },
      rehearsal: {
        policy: 'by_document',
        ...{ sequences: 10_000, documents: 900, tokens: 1_234_567 },
        ...{ corpusSequences: 52_311, corpusDocuments: 1300 },
        ...{ draws: 12_000, fewestRepeats: 1, mostRepeats: 2 },
        share: { source: 2, target: 6, ratio: 1 / 3 },
      },
      fisher: {
        id: 'f00d',
        settings: { sequences: 1000, variant: 'per_sequence', batch_size: 16, seed: 3 },
        health: {
          ...{ sequences: 812, mean: 1.234e-7, largest: 0.0345, nearZeroShare: 0.4321 },
          depthSums: [0.5, 12.345, 2e-5],
          ...{ halvesCosine: 0.9412, halvesRankCorrelation: 0.8 },
        },
      },
      guard: { step: 120, action: 'rollback', nll: 3.4567, bound: 3.4, keptStep: 100 },
    });
    const { out } = await run(['runs', 'show', 'run-1'], {
      'runs/show': reported,
      'runs/changes': [],
    });
    for (const line of [
      /forgetting guard +ended the training and rolled back at step 120: source loss 3\.457 nats a masked token, bound 3\.400; the run has the weights of step 100$/m,
      /^Rehearsal buffer\n +policy +by document: .+\n +sequences +10,000 of the corpus's 52,311\n +documents +900 of/m,
      /in a batch +2 with 6 of the target, ratio 0\.333$/m,
      /draws +12,000 sequences over the whole run, each 1 to 2 times$/m,
      /^Fisher diagonal\n +estimate +f00d\n +variant +per sequence: /m,
      /sequences +812 of the 1,000 asked for/,
      /mean +1\.23e-7 nats² a weight, at most 0\.0345$/m,
      /near zero +43\.2 % of the weights/,
      /sums +embeddings 0\.5, layer 1 12\.3, head 0\.00002 nats²$/m,
      /halves +cosine 0\.941, rank correlation 0\.800/,
      /^Conventions\n +objective +minimise ℓ_t\n +penalty gradient +in closed form$/m,
    ]) {
      expect(out).toMatch(line);
    }
  });
});

describe('errors', () => {
  const refusal = new UserError('model/not-found', 'There is no model "x".', 'Import it.');

  it('are a sentence and a hint, and a document for programs', async () => {
    const answers = { 'models/list': refusal };
    expect(await run(['model', 'list'], answers)).toMatchObject({
      exitCode: 1,
      out: '',
      error: 'Error: There is no model "x".\nImport it.\n',
    });
    const { out, exitCode } = await run(['model', 'list', '--json'], answers);
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toEqual({
      error: { code: 'model/not-found', message: 'There is no model "x".', hint: 'Import it.' },
    });
  });

  it('of work that was stopped with Ctrl-C end with 130', async () => {
    const workbench: PreparedWorkbench = new PreparedWorkbench({
      'models/import': () =>
        new Promise((_, reject) => {
          workbench.signal?.addEventListener('abort', () => {
            reject(new UserError('call/aborted', 'The work was stopped.', 'Start it again.'));
          });
        }),
    });
    const environment = memoryEnvironment(workbench);
    environment.interrupt();
    const args = ['model', 'import', 'x', '--json'];
    expect(await runCommandLine(args, environment, '1')).toBe(130);
    expect(JSON.parse(environment.stdout.text)).toMatchObject({ error: { code: 'call/aborted' } });
  });

  it('that are bugs say so and show their stack to people only', async () => {
    const answers = { 'models/list': new TypeError('x is not a function') };
    const { error } = await run(['model', 'list'], answers);
    expect(error).toContain('Internal error: x is not a function');
    expect(error).toContain('commandLine.test.ts');
    const { out } = await run(['model', 'list', '--json'], answers);
    expect(out).not.toContain('commandLine.test.ts');
  });
});
