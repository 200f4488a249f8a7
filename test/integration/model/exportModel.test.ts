import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportModel, initModelFolder } from '../../../core/model/exportModel.ts';
import { initialWeights } from '../../../core/model/initialize.ts';
import type { ModelProvenance } from '../../../core/model/modelCard.ts';
import { loadModelFolder } from '../../../core/model/modelFolder.ts';
import { openSafetensors } from '../../../core/model/safetensors.ts';
import type { TensorToWrite } from '../../../core/model/safetensors.ts';
import {
  WORDS,
  temporaryFolder,
  tinyConfig,
  tinyModelFolder,
  tinyTensors,
} from '../../fixtures/modelFolders.ts';

const provenance: ModelProvenance = {
  name: 'tuned',
  baseModel: { name: 'tiny', hash: 'abc' },
  strategy: 'SDT',
  seed: 1,
  steps: 10,
  settings: { learning_rate: 5e-5 },
  corpora: [],
  evaluations: [],
  version: '0.1.0',
  createdAt: '2026-11-23T18:00:00Z',
};

async function tensorNames(folder: string): Promise<string[]> {
  const file = await openSafetensors(join(folder, 'model.safetensors'));
  await file.close();
  return [...file.tensors.keys()].sort();
}

describe.each(['bert', 'roberta', 'distilbert'] as const)('an export of %s', (modelType) => {
  test('holds the tuned weights under the names of today, and loads again', async () => {
    const raw = { ...tinyConfig(modelType), torch_dtype: 'float16', own_key: [1] };
    const base = await loadModelFolder(await tinyModelFolder(raw));
    const weights = initialWeights(base.config, 99);
    const folder = join(await temporaryFolder(), 'deeper', 'tuned');
    await exportModel({ base, weights, folder, provenance });

    const again = await loadModelFolder(folder);
    expect(new Map(again.weights)).toEqual(weights);
    expect(await tensorNames(folder)).toEqual(
      tinyTensors(raw)
        .map(({ name }) => name)
        .sort(),
    );
    const className = {
      bert: 'BertForMaskedLM',
      roberta: 'RobertaForMaskedLM',
      distilbert: 'DistilBertForMaskedLM',
    }[modelType];
    expect(again.rawConfig).toEqual({ ...raw, architectures: [className], torch_dtype: 'float32' });
    expect((await readdir(folder)).sort()).toEqual(
      ['README.md', 'config.json', 'model.safetensors', 'vocab.txt'].sort(),
    );
    expect(await readFile(join(folder, 'vocab.txt'))).toEqual(
      await readFile(join(base.path, 'vocab.txt')),
    );
  });
});

test('without tying, the decoder and both names of its bias are written', async () => {
  const raw = { ...tinyConfig('bert'), tie_word_embeddings: false };
  const base = await loadModelFolder(await tinyModelFolder(raw));
  const folder = join(await temporaryFolder(), 'tuned');
  await exportModel({ base, weights: base.weights, folder, provenance });
  const names = await tensorNames(folder);
  for (const name of ['bias', 'decoder.bias', 'decoder.weight']) {
    expect(names).toContain(`cls.predictions.${name}`);
  }
});

test('carried tensors keep their bytes; those of a bare encoder get the prefix it has now', async () => {
  const raw = tinyConfig('bert');
  const pooler: TensorToWrite = {
    name: 'pooler.dense.bias',
    type: 'F16',
    shape: [2],
    bytes: () => Uint8Array.of(9, 8, 7, 6),
  };
  const tensors = tinyTensors(raw)
    .filter(({ name }) => name.startsWith('bert.'))
    .map((tensor) => ({ ...tensor, name: tensor.name.replace('bert.', '') }));
  const base = await loadModelFolder(await tinyModelFolder(raw, [...tensors, pooler]));
  const folder = join(await temporaryFolder(), 'tuned');
  await exportModel({ base, weights: base.weights, folder, provenance });
  const { carried } = await loadModelFolder(folder);
  expect(carried).toEqual([
    { name: 'bert.pooler.dense.bias', type: 'F16', shape: [2], bytes: Uint8Array.of(9, 8, 7, 6) },
  ]);
});

test('an export overwrites nothing, but may fill an empty folder', async () => {
  const base = await loadModelFolder(await tinyModelFolder(tinyConfig('bert')));
  const parent = await temporaryFolder();
  const folder = join(parent, 'tuned');
  await mkdir(folder);
  await exportModel({ base, weights: base.weights, folder, provenance });
  await expect(
    exportModel({ base, weights: base.weights, folder, provenance }),
  ).rejects.toMatchObject({ code: 'export/folder-exists' });
  await writeFile(join(parent, 'file'), '');
  await expect(
    exportModel({ base, weights: base.weights, folder: join(parent, 'file'), provenance }),
  ).rejects.toMatchObject({ code: 'export/folder-exists' });
});

test('an export that fails leaves nothing', async () => {
  const base = await loadModelFolder(await tinyModelFolder(tinyConfig('bert')));
  const parent = await temporaryFolder();
  const vanished = { ...base, path: join(parent, 'unplugged') };
  const folder = join(parent, 'tuned');
  await expect(
    exportModel({ base: vanished, weights: base.weights, folder, provenance }),
  ).rejects.toMatchObject({ code: 'system/enoent' });
  expect(await readdir(parent)).toEqual([]);
});

describe('a new model', () => {
  async function request(
    raw: Record<string, unknown>,
    words: readonly string[] = WORDS,
  ): Promise<Parameters<typeof initModelFolder>[0]> {
    const parent = await temporaryFolder();
    const configPath = join(parent, 'sizes.json');
    await writeFile(configPath, JSON.stringify(raw));
    await writeFile(join(parent, 'vocab.txt'), words.map((word) => `${word}\n`).join(''));
    const rest = { seed: 5, version: '0.1.0', createdAt: '2026-11-23T18:00:00Z' };
    return { configPath, tokenizerPath: parent, folder: join(parent, 'new'), ...rest };
  }

  test('has the random weights of its seed and the files of its tokenizer', async () => {
    const model = await initModelFolder(await request(tinyConfig('distilbert')));
    expect(new Map(model.weights)).toEqual(initialWeights(model.config, 5));
    expect(model.tokenizer?.names).toEqual(['vocab.txt']);
    expect(await readFile(join(model.path, 'README.md'), 'utf8')).toMatch(/random initialisation/);
  });

  test('is refused when the tokenizer is larger, absent, or the sizes are absurd', async () => {
    const larger = request(tinyConfig('bert'), [...WORDS, 'x']);
    await expect(initModelFolder(await larger)).rejects.toThrow(/21 tokens.*vocab_size 20/);
    const absent = {
      ...(await request(tinyConfig('bert'))),
      tokenizerPath: await temporaryFolder(),
    };
    await expect(initModelFolder(absent)).rejects.toMatchObject({ code: 'model/tokenizer' });
    const absurd = request({ ...tinyConfig('bert'), hidden_size: 2e6, vocab_size: 2e6 });
    await expect(initModelFolder(await absurd)).rejects.toThrow(/model of \d+ parameters/);
  });
});
