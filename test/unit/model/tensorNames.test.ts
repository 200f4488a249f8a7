import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../core/model/configFile.ts';
import { mlmParameters } from '../../../core/model/parameters.ts';
import { modernName, publishedName } from '../../../core/model/tensorNames.ts';

describe('names', () => {
  test.each([
    [
      'bert',
      'encoder.layer.1.attention.self.key.bias',
      'bert.encoder.layer.1.attention.self.key.bias',
    ],
    ['bert', 'head.LayerNorm.weight', 'cls.predictions.transform.LayerNorm.weight'],
    ['bert', 'head.decoder.bias', 'cls.predictions.bias'],
    ['roberta', 'head.LayerNorm.bias', 'lm_head.layer_norm.bias'],
    ['roberta', 'embeddings.LayerNorm.weight', 'roberta.embeddings.LayerNorm.weight'],
    [
      'distilbert',
      'encoder.layer.10.output.dense.bias',
      'distilbert.transformer.layer.10.ffn.lin2.bias',
    ],
    [
      'distilbert',
      'encoder.layer.0.output.LayerNorm.bias',
      'distilbert.transformer.layer.0.output_layer_norm.bias',
    ],
    ['distilbert', 'head.decoder.weight', 'vocab_projector.weight'],
  ] as const)('of %s: %s is published as %s', (modelType, canonical, published) => {
    expect(publishedName(modelType, canonical)).toBe(published);
  });

  test.each(['bert', 'roberta', 'distilbert'])(
    'of %s are all different and modern',
    (model_type) => {
      const raw = { model_type, vocab_size: 10, tie_word_embeddings: false };
      const { config } = parseConfig(JSON.stringify(raw), 'config.json');
      const names = mlmParameters(config).map(({ name }) => publishedName(config.modelType, name));
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(modernName(config.modelType, name)).toBe(name);
    },
  );

  test('of old files become those of today', () => {
    expect(modernName('bert', 'bert.embeddings.LayerNorm.gamma')).toBe(
      'bert.embeddings.LayerNorm.weight',
    );
    expect(modernName('bert', 'cls.predictions.transform.LayerNorm.beta')).toBe(
      'cls.predictions.transform.LayerNorm.bias',
    );
    expect(modernName('roberta', 'encoder.layer.0.output.dense.bias')).toBe(
      'roberta.encoder.layer.0.output.dense.bias',
    );
    expect(modernName('distilbert', 'transformer.layer.0.ffn.lin1.bias')).toBe(
      'distilbert.transformer.layer.0.ffn.lin1.bias',
    );
    expect(modernName('bert', 'pooler.dense.bias')).toBe('bert.pooler.dense.bias');
    expect(modernName('bert', 'cls.seq_relationship.bias')).toBe('cls.seq_relationship.bias');
  });
});
