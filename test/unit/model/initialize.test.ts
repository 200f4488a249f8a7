import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../core/model/configFile.ts';
import { initialHeadWeights, initialWeights } from '../../../core/model/initialize.ts';
import { mlmParameters } from '../../../core/model/parameters.ts';

const sizes = { vocab_size: 200, hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 2 };
const { config } = parseConfig(
  JSON.stringify({
    model_type: 'roberta',
    intermediate_size: 64,
    initializer_range: 0.05,
    ...sizes,
  }),
  'config.json',
);

function value(weights: ReadonlyMap<string, Float32Array>, name: string): Float32Array {
  const values = weights.get(name);
  if (values === undefined) throw new Error(`no ${name}`);
  return values;
}

describe('initial weights', () => {
  const weights = initialWeights(config, 7);

  test('are complete and of the right sizes', () => {
    const specs = mlmParameters(config);
    expect([...weights.keys()]).toEqual(specs.map(({ name }) => name));
    for (const { name, shape } of specs) {
      expect(value(weights, name).length).toBe(shape.reduce((a, b) => a * b, 1));
    }
  });

  test('are normal with the standard deviation of the configuration', () => {
    const values = value(weights, 'encoder.layer.0.intermediate.dense.weight');
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    // 2,048 draws: four standard errors of the mean and of the standard deviation.
    expect(Math.abs(mean)).toBeLessThan((4 * 0.05) / Math.sqrt(2048));
    expect(Math.abs(Math.sqrt(variance) - 0.05)).toBeLessThan((4 * 0.05) / Math.sqrt(2 * 2048));
  });

  test('have neutral LayerNorms, zero biases and zero padding rows', () => {
    expect(new Set(value(weights, 'embeddings.LayerNorm.weight'))).toEqual(new Set([1]));
    expect(new Set(value(weights, 'head.LayerNorm.bias'))).toEqual(new Set([0]));
    expect(new Set(value(weights, 'head.decoder.bias'))).toEqual(new Set([0]));
    for (const table of ['word', 'position']) {
      const rows = value(weights, `embeddings.${table}_embeddings.weight`);
      expect(new Set(rows.subarray(32, 64))).toEqual(new Set([0]));
      expect(rows[0]).not.toBe(0);
      expect(rows[64]).not.toBe(0);
    }
  });

  test('depend on the seed alone; a head made alone is the same', () => {
    expect(initialWeights(config, 7)).toEqual(weights);
    expect(initialWeights(config, 8)).not.toEqual(weights);
    const head = initialHeadWeights(config, 7);
    expect([...head.keys()].every((name) => name.startsWith('head.'))).toBe(true);
    for (const [name, values] of head) expect(values).toEqual(value(weights, name));
  });

  test('can hold sinusoidal positions', () => {
    const table = value(initialWeights(config, 7, true), 'embeddings.position_embeddings.weight');
    expect([...table.subarray(0, 4)]).toEqual([0, 1, 0, 1]);
    expect(table[32]).toBeCloseTo(Math.sin(1), 6);
    expect(table[3 * 32 + 5]).toBeCloseTo(Math.cos(3 / 10000 ** (4 / 32)), 6);
  });
});
