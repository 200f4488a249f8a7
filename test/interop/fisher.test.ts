/** The Fisher diagonal against squared gradients by PyTorch, on sequences drawn and masked as in a run. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { MlmBatch, Weights } from '../../core/engine/types.ts';
import { loadModelFolder } from '../../core/model/modelFolder.ts';
import type { ModelFolder } from '../../core/model/modelFolder.ts';
import { openMlmSession } from '../../core/model/openSession.ts';
import { estimateFisher } from '../../core/strategies/fisher.ts';
import { drawFisherSample } from '../../core/strategies/fisherSample.ts';
import { fisherSettingsSchema } from '../../core/strategies/fisherSettings.ts';
import type { FisherSettings } from '../../core/strategies/fisherSettings.ts';
import { openTokenizer } from '../../core/text/tokenizer.ts';
import { sharedFolder } from '../fixtures/shared.ts';
import {
  canonical,
  difference,
  forTransformers,
  norm,
  randomBatch,
  readTensors,
} from './comparison.ts';
import { expectDeviation, outputFolder, runScript } from './python.ts';
import { wikipediaTexts, windowsOf } from './realText.ts';

const RANDOM_MODELS = ['bert', 'bert-untied', 'roberta', 'distilbert'];
const REAL_MODEL = 'bert-tiny-enwiki';
const VARIANTS: readonly FisherSettings['variant'][] = ['per_sequence', 'batch'];
const MAX_SEQ_LENGTH = 128;
/** Fewer than a batch has, so that batches are made of two micro-batches. */
const FIRST_ROWS = 6;
const notEmpty = (rows: readonly unknown[]): boolean => rows.length > 0;
const shared = sharedFolder();

type Element = readonly MlmBatch[];
interface Estimate {
  readonly model: ModelFolder;
  readonly elements: readonly Element[];
}

const estimates = new Map<string, Estimate>();
let folder: string;

beforeAll(async () => {
  folder = await outputFolder();
  await runScript('make_models.py', folder);
  for (const name of RANDOM_MODELS) {
    const model = await loadModelFolder(join(folder, name));
    const sequences = (count: number, batchSize: number): Element[] =>
      Array.from({ length: count }, (_, seed) => [
        randomBatch(model.config, { batchSize, sequenceLength: 36, padding: 'right' }, seed),
      ]);
    estimates.set(`${name}-per_sequence`, { model, elements: sequences(12, 1) });
    estimates.set(`${name}-batch`, { model, elements: sequences(3, 5) });
  }
  if (shared !== undefined) {
    const model = await loadModelFolder(join(shared, 'models', REAL_MODEL));
    for (const variant of VARIANTS) {
      const elements = await realElements(shared, model, variant);
      estimates.set(`${REAL_MODEL}-${variant}`, { model, elements });
    }
  }
  const request = join(folder, 'request.json');
  await writeFile(
    request,
    JSON.stringify({
      output: folder,
      estimates: Object.fromEntries(
        [...estimates].map(([name, { model, elements }]) => [
          name,
          {
            path: model.path,
            elements: elements.map((element) =>
              element.map((batch) => forTransformers(batch, model.config)),
            ),
          },
        ]),
      ),
    }),
  );
  await runScript('fisher.py', request);
  return () => rm(folder, { recursive: true, force: true });
});

/** 64 sequences of Wikipedia; 16 to a batch. */
async function realElements(
  from: string,
  model: ModelFolder,
  variant: FisherSettings['variant'],
): Promise<Element[]> {
  const { tokenizer } = await openTokenizer(model.path);
  const texts = await wikipediaTexts(from, 40);
  const shards = join(folder, `shards-${variant}`);
  const windows = await windowsOf(texts, tokenizer, MAX_SEQ_LENGTH, shards);
  try {
    const sample = drawFisherSample({
      ...{ source: windows, tokenizer, mlmProbability: 0.15, wholeWordMask: false },
      settings: fisherSettingsSchema.parse({ sequences: 64, variant, batch_size: 16 }),
      maxSeqLength: MAX_SEQ_LENGTH,
      split: (rows) => [rows.slice(0, FIRST_ROWS), rows.slice(FIRST_ROWS)].filter(notEmpty),
    });
    expect(sample.sequences).toBe(64);
    return [...sample.elements];
  } finally {
    windows.close();
  }
}

async function ours({ model, elements }: Estimate): Promise<Weights> {
  const { config, weights } = model;
  const session = await openMlmSession({ config, weights, session: { engine: 'cpu' } });
  try {
    const { diagonal } = await estimateFisher(session, elements);
    return new Map([...diagonal].map(([name, values]) => [name, Float32Array.from(values)]));
  } finally {
    await session.close();
  }
}

describe.each([...RANDOM_MODELS, REAL_MODEL])('%s', (name) => {
  const available = name !== REAL_MODEL || shared !== undefined;

  test.skipIf(!available).each(VARIANTS)('has the Fisher diagonal of PyTorch, %s', async (kind) => {
    const estimate = estimates.get(`${name}-${kind}`);
    if (estimate === undefined) throw new Error(`${name} was not prepared`);
    const sizes = estimate.elements.map((batches) =>
      batches.reduce((sum, { batchSize }) => sum + batchSize, 0),
    );
    if (kind === 'per_sequence') expect(new Set(sizes)).toEqual(new Set([1]));
    else expect(Math.min(...sizes)).toBeGreaterThan(1);

    const diagonal = await ours(estimate);
    const published = await readTensors(join(folder, `${name}-${kind}.safetensors`));
    const expected = canonical(published, diagonal.keys(), estimate.model.config);
    const all = norm([...expected.values()].map(norm));
    let worst = 0;
    let squares = 0;
    for (const [parameter, values] of expected) {
      const distance = norm(difference(diagonal.get(parameter) ?? new Float32Array(), values));
      squares += distance ** 2;
      // The gradient of a key's bias is zero but for rounding, and so is its square.
      worst = Math.max(worst, distance / (1e-3 * norm(values) + 1e-9 * all));
    }
    const where = `${name}: Fisher diagonal, ${kind}`;
    expectDeviation(`${where}: relative`, Math.sqrt(squares) / all, 1e-3);
    expectDeviation(`${where}: worst tensor, as a share of what is allowed`, worst, 1);
  });
});
