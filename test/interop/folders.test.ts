/** Folders exported here load in transformers; folders saved by transformers load here. */
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import type { MlmBatch } from '../../core/engine/types.ts';
import { exportModel } from '../../core/model/exportModel.ts';
import type { ModelProvenance } from '../../core/model/modelCard.ts';
import { loadModelFolder } from '../../core/model/modelFolder.ts';
import type { ModelFolder } from '../../core/model/modelFolder.ts';
import { openMlmSession } from '../../core/model/openSession.ts';
import { sharedFolder } from '../fixtures/shared.ts';
import { difference, forTransformers, largest, randomBatch, readTensors } from './comparison.ts';
import { expectDeviation, outputFolder, runScript } from './python.ts';

const shared = sharedFolder();
/** Saved by transformers and PyTorch; see make_models.py. */
const SAVED = [
  ...['bert', 'bert-untied', 'roberta', 'distilbert', 'pretraining', 'bin', 'sharded'],
  ...['sharded-bin', 'old-names', 'float16', 'float16-bin', 'bfloat16', 'bfloat16-bin'],
];
const EXPORTED = [
  'bert',
  'bert-untied',
  'roberta',
  'distilbert',
  'pretraining',
  'old-names',
  'encoder',
];
/** Exports that other classes load too, and what they find there. */
const WHOLE = [
  ['pretraining', 'BertForPreTraining'],
  ['encoder', 'BertModel'],
] as const;
const POOLER = ['bert.pooler.dense.bias', 'bert.pooler.dense.weight'];
const UNEXPECTED: Readonly<Record<string, readonly string[]>> = {
  pretraining: [...POOLER, 'cls.seq_relationship.bias', 'cls.seq_relationship.weight'],
  encoder: POOLER,
};

interface FolderReport {
  readonly class: string;
  readonly missing: string[];
  readonly unexpected: string[];
  readonly mismatched: string[];
}

const provenance: ModelProvenance = {
  name: 'interop',
  baseModel: { name: 'random', hash: 'none' },
  strategy: 'SDT',
  seed: 0,
  steps: 0,
  settings: {},
  corpora: [],
  evaluations: [],
  version: '0.1.0',
  createdAt: '2026-01-01T00:00:00Z',
};

let folder: string;
let batch: MlmBatch;
let reports: Record<string, FolderReport>;
let expected: Map<string, Float32Array>;
const saved = new Map<string, ModelFolder>();

beforeAll(async () => {
  folder = await outputFolder();
  await runScript('make_models.py', folder);
  for (const name of new Set([...SAVED, ...EXPORTED])) {
    saved.set(name, await loadModelFolder(join(folder, name)));
  }
  if (shared !== undefined) {
    const path = join(shared, 'models/bert-tiny-enwiki');
    saved.set('bert-tiny-enwiki', await loadModelFolder(path));
  }
  for (const [name, base] of saved) {
    const exported = join(folder, 'exported', name);
    await exportModel({ base, weights: base.weights, folder: exported, provenance });
  }
  const { config } = model('bert');
  batch = randomBatch(config, { batchSize: 4, sequenceLength: 30, padding: 'right' }, 3);
  // The same batch for all of them: one token type, and no padding, so that every class agrees on it.
  const { input_ids, labels } = forTransformers(batch, config);
  const folders: Record<string, { path: string; class?: string }> = {};
  for (const [name, { path }] of saved) {
    folders[`saved/${name}`] = { path };
    folders[`exported/${name}`] = { path: join(folder, 'exported', name) };
  }
  for (const [name, className] of WHOLE) {
    folders[`${className}/${name}`] = { path: join(folder, 'exported', name), class: className };
  }
  const request = join(folder, 'folders-request.json');
  await writeFile(
    request,
    JSON.stringify({ output: folder, batch: { input_ids, labels }, folders }),
  );
  await runScript('load_folders.py', request);
  reports = (
    JSON.parse(await readFile(join(folder, 'folders.json'), 'utf8')) as {
      folders: Record<string, FolderReport>;
    }
  ).folders;
  expected = await readTensors(join(folder, 'folder-logits.safetensors'));
  return () => rm(folder, { recursive: true, force: true });
});

function model(name: string): ModelFolder {
  const found = saved.get(name);
  if (found === undefined) throw new Error(`${name} was not prepared`);
  return found;
}

function logitsOf(name: string): Float32Array {
  const found = expected.get(name);
  if (found === undefined) throw new Error(`transformers gave no logits for ${name}`);
  return found;
}

async function ourLogits({ config, weights }: ModelFolder): Promise<Float32Array> {
  const session = await openMlmSession({ config, weights, session: { engine: 'cpu' } });
  try {
    const attentionMask = new Uint8Array(batch.inputIds.length).fill(1);
    const tokenTypeIds = new Int32Array(batch.inputIds.length);
    return await session.logits({ ...batch, attentionMask, tokenTypeIds });
  } finally {
    await session.close();
  }
}

describe('a folder saved by transformers', () => {
  test.each(SAVED)('as %s gives the same logits here', async (name) => {
    const logits = logitsOf(`saved/${name}`);
    const deviation = largest(difference(await ourLogits(model(name)), logits)) / largest(logits);
    expectDeviation(`saved by transformers as ${name}: logits, relative`, deviation, 1e-5);
  });

  test('without a head is read with a new one', () => {
    expect(model('encoder').newHead).toBe(true);
    expect(reports['saved/encoder'].missing.length).toBeGreaterThan(0);
  });
});

describe('a folder exported here', () => {
  test.each([...EXPORTED, ...(shared === undefined ? [] : ['bert-tiny-enwiki'])])(
    'from %s loads in transformers with nothing missing or new, and the same logits',
    async (name) => {
      const report = reports[`exported/${name}`];
      expect(report.class).toBe(
        { roberta: 'RobertaForMaskedLM', distilbert: 'DistilBertForMaskedLM' }[name] ??
          'BertForMaskedLM',
      );
      expect(report.missing).toEqual([]);
      expect(report.mismatched).toEqual([]);
      expect(report.unexpected).toEqual(UNEXPECTED[name] ?? []);
      const exported = logitsOf(`exported/${name}`);
      if (!model(name).newHead) expect(exported).toEqual(logitsOf(`saved/${name}`));
      const deviation =
        largest(difference(await ourLogits(model(name)), exported)) / largest(exported);
      expectDeviation(`exported from ${name}: logits, relative`, deviation, 1e-5);
    },
  );

  test.each(WHOLE)('from %s is whole for %s', (name, className) => {
    const report = reports[`${className}/${name}`];
    expect(report).toMatchObject({ class: className, missing: [], mismatched: [] });
  });
});

describe('the score command', () => {
  async function compare(name: string, path: string): Promise<void> {
    const { config } = model(name);
    const lines = Array.from({ length: 24 }, (_, index) => {
      const padding = index % 2 === 0 ? 'left' : 'right';
      // The second row of a batch has a random length, so most lines are padded.
      const shape = { batchSize: 2, sequenceLength: 8 + index, padding } as const;
      const rows = forTransformers(randomBatch(config, shape, index), config);
      return Object.fromEntries(Object.entries(rows).map(([key, values]) => [key, values[1]]));
    });
    const masked = join(folder, `masked-${name}.jsonl`);
    await writeFile(masked, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const reference = join(folder, `scores-${name}.json`);
    await runScript('score_lines.py', path, masked, reference);
    const wanted = JSON.parse(await readFile(reference, 'utf8')) as Scores;

    const cli = join(import.meta.dirname, '../../core/headless/cli.ts');
    const home = join(folder, 'home');
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...[cli, 'score', '--model', path, '--masked', masked, '--json', '--home', home],
    ]);
    const found = JSON.parse(stdout) as Scores;
    expectDeviation(
      `score, ${name}: mean NLL, relative`,
      Math.abs(found.meanNll - wanted.meanNll) / wanted.meanNll,
      1e-5,
    );
    expect(found.lines.map(({ count }) => count)).toEqual(wanted.lines.map(({ count }) => count));
    const worst = Math.max(
      ...found.lines.map(({ sum }, i) => Math.abs(sum - wanted.lines[i].sum) / wanted.lines[i].sum),
    );
    expectDeviation(`score, ${name}: sum of a line, relative`, worst, 1e-5);
  }

  test.each(['bert', 'roberta', 'distilbert'])('agrees with transformers on %s', async (name) => {
    await compare(name, join(folder, name));
  });

  test.skipIf(shared === undefined)('agrees with transformers on bert-tiny-enwiki', async () => {
    await compare('bert-tiny-enwiki', model('bert-tiny-enwiki').path);
  });
});

interface Scores {
  readonly meanNll: number;
  readonly lines: readonly { readonly sum: number; readonly count: number }[];
}
