import { describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { runCommandLine } from '../../../core/headless/program.ts';
import type { Model, Reply } from '../../../core/workbench/contract.ts';
import type { Fill } from '../../../core/workbench/schemas/fillMask.ts';
import { PreparedWorkbench, memoryEnvironment, runDetail } from './fakes.ts';
import type { Answers } from './fakes.ts';

const MODEL: Model = {
  ...{ id: 'abcdef', name: 'base', hash: 'abcdef', architecture: 'bert', parameters: 10 },
  ...{ vocabSize: 5, hiddenSize: 2, layers: 1, maxSeqLength: 64, tokenizerKind: 'wordpiece' },
  ...{ tokenizerHash: 'ef01', cased: false, folder: '/models/abcdef', linked: false },
  ...{ parentRun: null, notices: [], createdAt: '2026-11-23T18:00:00.000Z' },
};

const fillOf = (text: string, rank: number, probability: number, more = {}): Fill => ({
  ...{ text, startsWord: true, special: false, id: rank, probability, rank },
  ...more,
});

const token = (text: string, isCut: boolean) => ({
  ...{ text, startsWord: true, special: false, isMask: text === '[MASK]', isCut },
});

const REPLY: Reply<'models/fill-mask'> = {
  predictors: [
    {
      predictor: { kind: 'model', id: 'abcdef' },
      name: 'base',
      step: null,
      maxSeqLength: 64,
      tokens: [token('cut', true), token('a', false), token('[MASK]', false)],
      masks: [
        {
          fills: [fillOf('party', 1, 0.5), fillOf('ing', 2, 0.25, { startsWord: false })],
          others: [fillOf('\n', 1234, 0.00001)],
        },
      ],
    },
    {
      predictor: { kind: 'run', id: 'run-1', weights: 'best' },
      name: 'SDT seed 1 of trial',
      step: 30,
      maxSeqLength: 64,
      tokens: [token('a', false), token('[MASK]', false)],
      masks: [{ fills: [fillOf('\n', 1, 0.4), fillOf('party', 2, 0.3)], others: [] }],
    },
  ],
};

async function run(args: string[], answers: Answers = {}) {
  const workbench = new PreparedWorkbench({
    'models/list': () => [MODEL],
    'runs/show': ({ run: id }: { run: string }) => {
      if (id === 'run-1') return runDetail({ id });
      throw new UserError('run/not-found', `There is no run "${id}".`, '');
    },
    'models/fill-mask': () => REPLY,
    ...answers,
  });
  const environment = memoryEnvironment(workbench);
  const exitCode = await runCommandLine(['fill-mask', ...args], environment, '1.2.3');
  return { exitCode, out: environment.stdout.text, error: environment.stderr.text, workbench };
}

describe('palimpsest fill-mask', () => {
  it('asks a model by its name and a run by its id, and sets the sides against each other', async () => {
    const { exitCode, out, workbench } = await run([
      ...['base', 'run-1', '--text', 'a [MASK]', '--top', '2', '--weights', 'best'],
    ]);
    expect(exitCode).toBe(0);
    expect(workbench.requests.at(-1)).toEqual({
      name: 'models/fill-mask',
      request: {
        text: 'a [MASK]',
        topK: 2,
        predictors: [
          { kind: 'model', id: 'abcdef' },
          { kind: 'run', id: 'run-1', weights: 'best' },
        ],
      },
    });
    expect(out).toMatch(/^ +1 +party +50\.00 % +rank 2, 30\.00 %$/m);
    expect(out).toMatch(/^ +2 +##ing +25\.00 % +no such token$/m);
    expect(out).toMatch(/^ +1 +"\\n" +40\.00 % +rank 1,234, < 0\.01 %$/m);
    expect(out).toContain(
      'base reads 64 tokens at a time: 1 of the 3 tokens of the text were left',
    );
    expect(out).not.toContain('trial reads');
  });

  it('prints the reply as one JSON document', async () => {
    const { out } = await run(['base', '--text', 'a [MASK]', '--json']);
    expect(JSON.parse(out)).toEqual(REPLY);
  });

  it.each([
    [['nothing', '--text', 'a [MASK]'], 1, /There is no model and no run "nothing"\./],
    [['base'], 2, /--text/],
    [['base', '--text', 'a [MASK]', '--top', '51'], 2, /from 1 to 50/],
    [['base', '--text', 'a [MASK]', '--weights', 'first'], 2, /last, best/],
  ])('%j fails with a sentence', async (args, code, message) => {
    const { exitCode, error } = await run(args);
    expect(exitCode).toBe(code);
    expect(error).toMatch(message);
  });
});
