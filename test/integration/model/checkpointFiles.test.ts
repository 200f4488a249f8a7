import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readWeightsFile, writeWeightsFile } from '../../../core/model/checkpointFiles.ts';
import { parseConfig } from '../../../core/model/configFile.ts';
import { initialWeights } from '../../../core/model/initialize.ts';
import { mlmParameters } from '../../../core/model/parameters.ts';
import { temporaryFolder, tinyConfig } from '../../fixtures/modelFolders.ts';

const { config } = parseConfig(JSON.stringify(tinyConfig('bert')), 'config.json');
const parameters = mlmParameters(config);

test('weights come back bit for bit, not-a-number and minus zero among them', async () => {
  const path = join(await temporaryFolder(), 'weights.safetensors');
  const weights = initialWeights(config, 3);
  weights.get('head.decoder.bias')?.set([NaN, -0, Infinity, 1e-45]);
  const written = await writeWeightsFile(path, parameters, weights);
  const bytes = await readFile(path);
  expect(written).toEqual({
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  const read = await readWeightsFile(path, parameters);
  for (const [name, values] of weights) {
    expect(new Uint32Array(read.get(name)?.buffer ?? new ArrayBuffer())).toEqual(
      new Uint32Array(values.buffer),
    );
  }
  expect(read.size).toBe(weights.size);
});

test('the checkpoint of another model is refused', async () => {
  const path = join(await temporaryFolder(), 'weights.safetensors');
  await writeWeightsFile(path, parameters, initialWeights(config, 3));
  const larger = mlmParameters({ ...config, intermediateSize: 16 });
  const deeper = mlmParameters({ ...config, numHiddenLayers: 3 });
  const shallower = mlmParameters({ ...config, numHiddenLayers: 1 });
  for (const other of [larger, deeper, shallower]) {
    await expect(readWeightsFile(path, other)).rejects.toMatchObject({
      code: 'checkpoint/other-model',
    });
  }
});

test('weights that are not complete are a fault of the caller', async () => {
  const path = join(await temporaryFolder(), 'weights.safetensors');
  await expect(writeWeightsFile(path, parameters, new Map())).rejects.toThrow(
    /missing or of the wrong/,
  );
});
