import { copyFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { parseConfig } from '../../../core/model/configFile.ts';
import { initialWeights } from '../../../core/model/initialize.ts';
import { loadModelFolder } from '../../../core/model/modelFolder.ts';
import { mlmParameters, parameterCount } from '../../../core/model/parameters.ts';
import { writeSafetensors } from '../../../core/model/safetensors.ts';
import type { TensorToWrite } from '../../../core/model/safetensors.ts';
import { sharedFolder } from '../../fixtures/shared.ts';
import {
  WORDS,
  temporaryFolder,
  tinyConfig,
  tinyModelFolder,
  tinyTensors,
} from '../../fixtures/modelFolders.ts';

const MODEL_TYPES = ['bert', 'roberta', 'distilbert'] as const;

function expectedWeights(raw: Record<string, unknown>): Map<string, Float32Array> {
  return initialWeights(parseConfig(JSON.stringify(raw), 'config.json').config, 1);
}

const renamed = (
  tensors: readonly TensorToWrite[],
  rename: (name: string) => string,
): TensorToWrite[] => tensors.map((tensor) => ({ ...tensor, name: rename(tensor.name) }));

describe.each(MODEL_TYPES)('a %s folder is read', (modelType) => {
  const raw = tinyConfig(modelType);

  test('with the names of today', async () => {
    const model = await loadModelFolder(await tinyModelFolder(raw));
    expect(new Map(model.weights)).toEqual(expectedWeights(raw));
    expect(model).toMatchObject({ carried: [], newHead: false, notices: [], rawConfig: raw });
    expect(model.tokenizer).toEqual({ names: ['vocab.txt'], vocabularySize: WORDS.length });
  });

  test('with gamma and beta, and without the prefix of the encoder', async () => {
    const tensors = renamed(tinyTensors(raw), (name) =>
      name
        .replace(/LayerNorm\.weight$/, 'LayerNorm.gamma')
        .replace(/LayerNorm\.bias$/, 'LayerNorm.beta')
        .replace(`${modelType}.`, ''),
    );
    const model = await loadModelFolder(await tinyModelFolder(raw, tensors));
    expect(new Map(model.weights)).toEqual(expectedWeights(raw));
  });

  test('with a decoder of its own', async () => {
    const untied = { ...raw, tie_word_embeddings: false };
    const model = await loadModelFolder(await tinyModelFolder(untied));
    expect(new Map(model.weights)).toEqual(expectedWeights(untied));
    expect(model.config.tieWordEmbeddings).toBe(false);
  });

  test('with a copy of the word embeddings as decoder, as tied', async () => {
    const tensors = tinyTensors(raw);
    const words = tensors.find(({ name }) => name.endsWith('word_embeddings.weight'));
    const untiedTensors = tinyTensors({ ...raw, tie_word_embeddings: false });
    const decoder = untiedTensors.find(({ name }) => !tensors.some((other) => other.name === name));
    if (words === undefined || decoder === undefined) throw new Error('no embeddings or decoder');
    const copy = { ...words, name: decoder.name };
    const model = await loadModelFolder(await tinyModelFolder(raw, [...tensors, copy]));
    expect(new Map(model.weights)).toEqual(expectedWeights(raw));
    expect(model.notices).toEqual([]);

    const other = await loadModelFolder(await tinyModelFolder(raw, [...tensors, decoder]));
    expect(other.config.tieWordEmbeddings).toBe(false);
    expect(other.rawConfig.tie_word_embeddings).toBe(false);
    expect(other.notices.join()).toMatch(/kept apart/);
  });

  test('without a head: a new one is made, always the same, and the notice says so', async () => {
    const encoder = tinyTensors(raw).filter(({ name }) => name.startsWith(modelType));
    const folder = await tinyModelFolder(raw, encoder);
    const model = await loadModelFolder(folder);
    expect(model.newHead).toBe(true);
    expect(model.notices.join()).toMatch(/no masked-language-model head; a new, random one/);
    expect(model.weights.size).toBe(expectedWeights(raw).size);
    expect((await loadModelFolder(folder)).weights).toEqual(model.weights);
  });
});

describe('the bias of the decoder', () => {
  test.each([
    ['bert', 'cls.predictions.bias', 'cls.predictions.decoder.bias'],
    ['roberta', 'lm_head.bias', 'lm_head.decoder.bias'],
  ] as const)('of %s has two names', async (modelType, head, layer) => {
    const raw = tinyConfig(modelType);
    const values = Float32Array.from(WORDS, (_, index) => index);
    const tensors = tinyTensors(raw).map((tensor) =>
      tensor.name === head ? { ...tensor, bytes: () => new Uint8Array(values.buffer) } : tensor,
    );
    const both = tensors.flatMap((tensor) =>
      tensor.name === head ? [tensor, { ...tensor, name: layer }] : [tensor],
    );
    for (const list of [
      tensors,
      renamed(tensors, (name) => (name === head ? layer : name)),
      both,
    ]) {
      const model = await loadModelFolder(await tinyModelFolder(raw, list));
      expect(model.weights.get('head.decoder.bias')).toEqual(values);
      expect(model.carried).toEqual([]);
    }
  });
});

test('tensors that training does not use are carried, with their names, types and bytes', async () => {
  const raw = tinyConfig('bert');
  const extra: TensorToWrite[] = [
    {
      name: 'bert.pooler.dense.bias',
      type: 'F16',
      shape: [2],
      bytes: () => Uint8Array.of(1, 2, 3, 4),
    },
    {
      name: 'bert.embeddings.position_ids',
      type: 'I64',
      shape: [1],
      bytes: () => new Uint8Array(8),
    },
  ];
  const model = await loadModelFolder(await tinyModelFolder(raw, [...tinyTensors(raw), ...extra]));
  expect(model.carried.map(({ name }) => name).sort()).toEqual(
    extra.map(({ name }) => name).sort(),
  );
  expect(model.carried.find(({ type }) => type === 'F16')?.bytes).toEqual(
    Uint8Array.of(1, 2, 3, 4),
  );
  expect(model.notices.join()).toMatch(/Carried along unchanged.*"bert\.pooler\.dense\.bias"/);
});

test('weights in shards are read through their index', async () => {
  const raw = tinyConfig('bert');
  const tensors = tinyTensors(raw);
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'config.json'), JSON.stringify(raw));
  const shards = [tensors.slice(0, 10), tensors.slice(10)];
  const weightMap: Record<string, string> = {};
  for (const [index, shard] of shards.entries()) {
    const name = `model-0000${index + 1}-of-00002.safetensors`;
    await writeSafetensors(join(folder, name), shard);
    for (const tensor of shard) weightMap[tensor.name] = name;
  }
  const indexPath = join(folder, 'model.safetensors.index.json');
  await writeFile(indexPath, JSON.stringify({ metadata: {}, weight_map: weightMap }));
  expect(new Map((await loadModelFolder(folder)).weights)).toEqual(expectedWeights(raw));

  const outside = { ...weightMap, 'lm.bias': '../elsewhere.safetensors' };
  await writeFile(indexPath, JSON.stringify({ weight_map: outside }));
  await expect(loadModelFolder(folder)).rejects.toThrow(/elsewhere\.safetensors, which is not in/);
  const lying = { ...weightMap, [tensors[0].name]: 'model-00002-of-00002.safetensors' };
  await writeFile(indexPath, JSON.stringify({ weight_map: lying }));
  await expect(loadModelFolder(folder)).rejects.toThrow(/is not in model-00002-of-00002/);
});

test('the hash covers weights, configuration and tokenizer, and nothing else', async () => {
  const raw = tinyConfig('bert');
  const folder = await tinyModelFolder(raw);
  const { hash } = await loadModelFolder(folder);
  await writeFile(join(folder, 'README.md'), 'a note');
  await mkdir(join(folder, 'onnx'));
  expect((await loadModelFolder(folder)).hash).toBe(hash);
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...raw, dtype: 'float32' }));
  expect((await loadModelFolder(folder)).hash).not.toBe(hash);
});

describe('a folder is refused', () => {
  const raw = tinyConfig('bert');
  async function refusal(folder: string): Promise<UserError> {
    const error = await loadModelFolder(folder).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof UserError)) throw new Error(`not refused: ${String(error)}`);
    return error;
  }

  test('that does not exist, is a file, or has no config.json or no weights', async () => {
    const folder = await temporaryFolder();
    expect((await refusal(join(folder, 'nowhere'))).message).toMatch(/nowhere/);
    expect((await refusal(folder)).message).toMatch(/no config\.json/);
    await writeFile(join(folder, 'config.json'), JSON.stringify(raw));
    expect((await refusal(join(folder, 'config.json'))).message).toMatch(/folder was expected/);
    await writeFile(join(folder, 'tf_model.h5'), '');
    const { message, hint } = await refusal(folder);
    expect(message).toMatch(/no model\.safetensors and no pytorch_model\.bin/);
    expect(hint).toMatch(/tf_model\.h5 is not read/);
  });

  test('whose config.json is no file, or far too large a one', async () => {
    const folder = await temporaryFolder();
    const config = join(folder, 'config.json');
    await mkdir(config);
    expect((await refusal(folder)).message).toMatch(/config\.json is not a file/);
    await rm(config, { recursive: true });
    await writeFile(config, '');
    await truncate(config, 3e9);
    expect((await refusal(folder)).message).toMatch(/config\.json has 3000000000 bytes/);
  });

  test('whose tensors are missing, by name and number', async () => {
    const two = tinyTensors(raw).filter(({ name }) => !name.includes('layer.1.output.dense'));
    const folder = await tinyModelFolder(raw, two);
    expect((await refusal(folder)).message).toMatch(
      /lacks the tensors "bert\.encoder\.layer\.1\.output\.dense\.weight"/,
    );
    const many = tinyTensors(raw).filter(({ name }) => !name.includes('layer.1'));
    expect((await refusal(await tinyModelFolder(raw, many))).message).toMatch(/and 13 more/);
  });

  test('with half a head', async () => {
    const tensors = tinyTensors(raw).filter(({ name }) => name !== 'cls.predictions.bias');
    const folder = await tinyModelFolder(raw, tensors);
    expect((await refusal(folder)).message).toMatch(/lacks the tensor "cls\.predictions\.bias"/);
  });

  test('whose configuration has other sizes than its tensors', async () => {
    const wide = await tinyModelFolder({ ...raw, intermediate_size: 13 }, tinyTensors(raw));
    expect((await refusal(wide)).message).toMatch(/"bert\.encoder.*\(12, 8\), not \(13, 8\)/);
    const words = await tinyModelFolder({ ...raw, vocab_size: 21 }, tinyTensors(raw));
    expect((await refusal(words)).message).toMatch(/embeddings for 20 tokens.*vocab_size 21/);
  });

  test('whose tokenizer knows more tokens than the model', async () => {
    const folder = await tinyModelFolder(raw, tinyTensors(raw), [...WORDS, 'x']);
    expect((await refusal(folder)).message).toMatch(/tokenizer has 21 tokens.*embeddings for 20/);
    const fewer = await loadModelFolder(
      await tinyModelFolder(raw, tinyTensors(raw), WORDS.slice(1)),
    );
    expect(fewer.notices.join()).toMatch(/tokenizer has 19 tokens.*20/);
  });

  test('with one tensor under two names', async () => {
    const tensors = tinyTensors(raw);
    const twice = [...tensors, { ...tensors[0], name: tensors[0].name.replace('bert.', '') }];
    expect((await refusal(await tinyModelFolder(raw, twice))).code).toBe('model/duplicate-tensor');
  });

  test('whose weights are integers or not finite', async () => {
    const change = (part: Partial<TensorToWrite>): TensorToWrite[] =>
      tinyTensors(raw).map((tensor, index) => (index === 0 ? { ...tensor, ...part } : tensor));
    const integers = await tinyModelFolder(raw, change({ type: 'I32' }));
    expect((await refusal(integers)).message).toMatch(/word_embeddings\.weight" holds I32/);
    const nan = new Uint8Array(new Float32Array(160).fill(NaN).buffer);
    const notFinite = await tinyModelFolder(raw, change({ bytes: () => nan }));
    expect((await refusal(notFinite)).code).toBe('model/not-finite');
  });

  test('with a PyTorch file that asks for more than tensors', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'config.json'), JSON.stringify(raw));
    const hostile = join(import.meta.dirname, '../../fixtures/torch/hostile.bin');
    await copyFile(hostile, join(folder, 'pytorch_model.bin'));
    expect((await refusal(folder)).code).toBe('model/pickle-refused');
  });
});

const shared = sharedFolder();
test.skipIf(shared === undefined)('bert-tiny-enwiki of ../shared is read', async () => {
  const path = join(shared ?? '', 'models/bert-tiny-enwiki');
  const model = await loadModelFolder(path);
  expect(parameterCount(mlmParameters(model.config))).toBe(4_416_698);
  expect(model).toMatchObject({ carried: [], newHead: false, notices: [] });
  expect(model.tokenizer?.vocabularySize).toBe(30_522);
  expect(JSON.parse(await readFile(join(path, 'config.json'), 'utf8'))).toEqual(model.rawConfig);
});
