/** What models put in place of masks, against the fill-mask pipeline of transformers. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Reply, WorkbenchClient } from '../../core/workbench/contract.ts';
import { startNodeProcess } from '../../core/workbench/hostProcess.ts';
import { openWorkbench } from '../../core/workbench/openWorkbench.ts';
import { sharedFolder } from '../fixtures/shared.ts';
import { expectDeviation, outputFolder, runScript } from './python.ts';

const shared = sharedFolder();
const TOP = 20;
const RANDOM = ['bert', 'roberta', 'distilbert'];
const RANDOM_TEXTS = ['word1 word2 [MASK] word4', '[MASK] word7 word8 word9 [MASK] word11 [MASK]'];
const ENGLISH_TEXTS = [
  'she is a member of the [MASK] party',
  'The capital of [MASK] is Paris.',
  'He was [MASK] in 1843, in the [MASK] of Wales (now abandoned).',
  'Naïve cafés[MASK] — 中文 [MASK]!',
];

interface Expected {
  readonly id: number;
  readonly probability: number;
}

let folder: string;
let workbench: WorkbenchClient;
/** By model, text and mask. */
let expected: Record<string, Expected[][][]>;

const textsOf: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(RANDOM.map((name) => [name, RANDOM_TEXTS])),
  ...(shared === undefined
    ? {}
    : { 'bert-tiny-enwiki': ENGLISH_TEXTS, 'random-byte-level': ENGLISH_TEXTS }),
};

beforeAll(async () => {
  folder = await outputFolder();
  await runScript('make_models.py', folder);
  const folderOf = (name: string): string =>
    name === 'bert-tiny-enwiki' ? join(shared ?? '', 'models', name) : join(folder, name);
  const models = Object.entries(textsOf).map(
    ([name, texts]) => [name, { folder: folderOf(name), texts }] as const,
  );
  const request = join(folder, 'request.json');
  const output = join(folder, 'fills.json');
  const byteLevelTokenizer =
    shared === undefined ? undefined : join(shared, 'data/tokenizers/roberta-base');
  await writeFile(
    request,
    JSON.stringify({ output, topK: TOP, models: Object.fromEntries(models), byteLevelTokenizer }),
  );
  await runScript('fill_mask.py', request);
  expected = JSON.parse(await readFile(output, 'utf8')) as typeof expected;

  workbench = await openWorkbench({ home: join(folder, 'home'), startProcess: startNodeProcess });
  for (const [name, { folder: path }] of models) {
    await workbench.call('models/import', { path, name });
  }
  return async () => {
    await workbench.close();
    await rm(folder, { recursive: true, force: true });
  };
});

async function ours(name: string, text: string): Promise<Reply<'models/fill-mask'>> {
  const predictors = [{ kind: 'model', id: name } as const];
  return workbench.call('models/fill-mask', { text, predictors, topK: TOP });
}

describe.each(Object.keys(textsOf))('%s', (name) => {
  test.each(textsOf[name] ?? [])('fills "%s" as transformers does', async (text) => {
    const index = textsOf[name]?.indexOf(text) ?? -1;
    const reply = await ours(name, text);
    const masks = reply.predictors[0].masks.map(({ fills }) => fills);
    const wanted = expected[name][index];
    expect(masks.length).toBe(wanted.length);
    let worst = 0;
    for (const [mask, fills] of masks.entries()) {
      expect(new Set(fills.map(({ id }) => id))).toEqual(new Set(wanted[mask].map(({ id }) => id)));
      for (const [rank, { probability }] of fills.entries()) {
        worst = Math.max(worst, Math.abs(probability - wanted[mask][rank].probability));
      }
      const byId = new Map(wanted[mask].map(({ id, probability }) => [id, probability]));
      for (const { id, probability } of fills) {
        worst = Math.max(worst, Math.abs(probability - (byId.get(id) ?? Number.NaN)));
      }
    }
    expectDeviation(`fill-mask, ${name}, text ${index + 1}: probability`, worst, 1e-4);
  });
});
