import { execFileSync } from 'node:child_process';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashFile } from '../../../core/base/files.ts';
import type { ParameterSpec } from '../../../core/engine/types.ts';
import { float32Tensor, writeSafetensors } from '../../../core/model/safetensors.ts';
import type { TensorToWrite } from '../../../core/model/safetensors.ts';
import {
  FISHER_FILE,
  FISHER_WEIGHTS_FILE,
  readFisher,
  requireFisherOf,
  writeFisher,
} from '../../../core/strategies/fisherFolder.ts';

const parameters: readonly ParameterSpec[] = [
  {
    name: 'embeddings.word_embeddings.weight',
    shape: [3, 2],
    kind: 'embedding',
    decay: true,
    depth: 0,
  },
  { name: 'head.decoder.bias', shape: [3], kind: 'bias', decay: false, depth: 1 },
];
const diagonal = new Map([
  ['embeddings.word_embeddings.weight', Float32Array.of(0, 1e-30, 2, 3.5, 1e9, 6)],
  ['head.decoder.bias', Float32Array.of(0.5, 0, 7)],
]);
const description = {
  modelHash: 'model',
  tokenizerHash: 'tokenizer',
  corpusHash: 'corpus',
  settings: { sequences: 10, variant: 'per_sequence', batch_size: 16, seed: 0 },
  max_seq_length: 128,
  packing: 'document',
  mlm_probability: 0.15,
  whole_word_mask: false,
  health: {
    sequences: 9,
    mean: 1,
    largest: 2,
    nearZeroShare: 0.5,
    depthSums: [1, 2],
    halvesCosine: 0.9,
    halvesRankCorrelation: 0.8,
  },
  createdAt: '2026-01-01T00:00:00.000Z',
} as const;

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'palimpsest-fisher-'));
  folder = join(parent, 'estimate');
  await writeFisher(folder, parameters, diagonal, {
    ...description,
    health: { ...description.health, depthSums: [1, 2] },
  });
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const weightsPath = (): string => join(folder, FISHER_WEIGHTS_FILE);

/** Puts other values into the folder, with a description that vouches for them. */
async function forge(tensors: readonly TensorToWrite[]): Promise<void> {
  const { sha256 } = await writeSafetensors(weightsPath(), tensors);
  await describeWith({ sha256 });
}

async function describeWith(changes: object): Promise<void> {
  const path = join(folder, FISHER_FILE);
  const file = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...file, ...changes }));
}

describe('a Fisher folder', () => {
  it('gives back the values bit for bit, under their names, and what they were made from', async () => {
    const read = await readFisher(folder);
    expect(read.diagonal).toEqual(diagonal);
    expect(read.file).toEqual({
      ...description,
      formatVersion: 1,
      sha256: await hashFile(weightsPath()),
    });
    expect(await readdir(parent)).toEqual(['estimate']);
  });

  it('is not there when its values do not fit the parameters', async () => {
    const path = join(parent, 'other');
    const partial = new Map([...diagonal].slice(1));
    const content = {
      ...description,
      health: { ...description.health, depthSums: [1, 2] },
    };
    await expect(writeFisher(path, parameters, partial, content)).rejects.toThrow('missing');
    expect(await readdir(parent)).toEqual(['estimate']);
  });

  it.each([
    ['is missing', () => rm(join(folder, FISHER_FILE))],
    [
      'is a folder',
      () => rm(join(folder, FISHER_FILE)).then(() => mkdir(join(folder, FISHER_FILE))),
    ],
    ['is cut off', () => truncate(join(folder, FISHER_FILE), 40)],
    ['is not JSON', () => writeFile(join(folder, FISHER_FILE), '\u0000\u0001')],
    ['is of another format', () => describeWith({ formatVersion: 2 })],
    ['has a key that is unknown', () => describeWith({ more: true })],
    ['has no figures', () => describeWith({ health: {} })],
    ['has a setting that is none', () => describeWith({ settings: { variant: 'other' } })],
  ])('is unreadable when its description %s', async (_, spoil) => {
    await spoil();
    await expect(readFisher(folder)).rejects.toMatchObject({
      code: 'fisher/unreadable',
      message: expect.stringContaining(join(folder, FISHER_FILE)) as string,
    });
  });

  it('that is not there is unreadable', async () => {
    const nowhere = readFisher(join(parent, 'nowhere'));
    await expect(nowhere).rejects.toMatchObject({ code: 'fisher/unreadable' });
  });

  it.each([
    ['are missing', () => rm(weightsPath())],
    ['are cut off', () => truncate(weightsPath(), 200)],
    ['are empty', () => truncate(weightsPath(), 0)],
    ['are a pipe', () => rm(weightsPath()).then(() => execFileSync('mkfifo', [weightsPath()]))],
    ['announce a header that is no length', () => writeFile(weightsPath(), Buffer.alloc(64, 0xff))],
    [
      'changed in one bit',
      async () => {
        const bytes = await readFile(weightsPath());
        bytes[bytes.length - 3] ^= 1;
        await writeFile(weightsPath(), bytes);
      },
    ],
    [
      'are of another estimate',
      async () => {
        const kept = join(parent, 'description');
        await copyFile(join(folder, FISHER_FILE), kept);
        await forge([float32Tensor('head.decoder.bias', [3], Float32Array.of(1, 2, 3))]);
        await copyFile(kept, join(folder, FISHER_FILE));
      },
    ],
    ['hold what is not a number', () => forge([float32Tensor('a', [2], Float32Array.of(1, NaN))])],
    ['hold an infinite one', () => forge([float32Tensor('a', [2], Float32Array.of(Infinity, 1))])],
    ['hold a negative one', () => forge([float32Tensor('a', [2], Float32Array.of(1, -1e-30))])],
    [
      'are of another type',
      () => forge([{ name: 'a', type: 'I64', shape: [1], bytes: () => new Uint8Array(8) }]),
    ],
  ])('is damaged when its values %s', async (_, spoil) => {
    await spoil();
    await expect(readFisher(folder)).rejects.toMatchObject({
      code: 'fisher/damaged',
      message: expect.stringContaining(weightsPath()) as string,
      hint: expect.stringContaining('made anew') as string,
    });
  });

  it.each([
    ['other-model', { modelHash: 'x', tokenizerHash: 'x' }, 'from another base model'],
    ['other-tokenizer', { tokenizerHash: 'x', corpusHash: 'x' }, 'with another tokenizer'],
    ['other-corpus', { corpusHash: 'x' }, 'from another corpus'],
  ])('is refused as of %s', async (code, change, words) => {
    const { file } = await readFisher(folder);
    const { modelHash, tokenizerHash, corpusHash } = file;
    const origin = { modelHash, tokenizerHash, corpusHash };
    expect(() => {
      requireFisherOf(file, folder, origin);
    }).not.toThrow();
    expect(() => {
      requireFisherOf(file, folder, { ...origin, ...change });
    }).toThrow(
      expect.objectContaining({
        code: `fisher/${code}`,
        message: expect.stringMatching(new RegExp(`${folder}.*${words}`)) as string,
      }) as Error,
    );
  });
});
