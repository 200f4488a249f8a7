import { describe, expect, test } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { parseConfig } from '../../../core/model/configFile.ts';
import type { ParsedConfig } from '../../../core/model/configFile.ts';

const parse = (raw: object): ParsedConfig => parseConfig(JSON.stringify(raw), 'config.json');
const bert = { model_type: 'bert', vocab_size: 30522 };

describe('config.json', () => {
  test('fills in the defaults that transformers has for each model type', () => {
    expect(parse(bert).config).toEqual({
      modelType: 'bert',
      vocabSize: 30522,
      hiddenSize: 768,
      numHiddenLayers: 12,
      numAttentionHeads: 12,
      intermediateSize: 3072,
      hiddenAct: 'gelu',
      hiddenDropoutProb: 0.1,
      attentionProbsDropoutProb: 0.1,
      maxPositionEmbeddings: 512,
      typeVocabSize: 2,
      layerNormEps: 1e-12,
      initializerRange: 0.02,
      padTokenId: 0,
      tieWordEmbeddings: true,
    });
    expect(parse({ model_type: 'roberta', vocab_size: 50265 }).config.padTokenId).toBe(1);
  });

  test("reads DistilBERT's own names", () => {
    const { config, sinusoidalPositions } = parse({
      model_type: 'distilbert',
      vocab_size: 100,
      dim: 12,
      n_layers: 3,
      n_heads: 2,
      hidden_dim: 48,
      activation: 'relu',
      dropout: 0.2,
      attention_dropout: 0.3,
      sinusoidal_pos_embds: true,
    });
    expect(config).toMatchObject({
      hiddenSize: 12,
      numHiddenLayers: 3,
      numAttentionHeads: 2,
      intermediateSize: 48,
      hiddenAct: 'relu',
      hiddenDropoutProb: 0.2,
      attentionProbsDropoutProb: 0.3,
      typeVocabSize: 0,
    });
    expect(sinusoidalPositions).toBe(true);
  });

  test('keeps every key it does not know, half precision among them', () => {
    const raw = { ...bert, torch_dtype: 'float16', dtype: 'float16', label2id: { a: 0 } };
    expect(parse(raw).raw).toEqual(raw);
  });

  test('without model_type, reads the kind from the architecture, or as BERT, and says so', () => {
    const roberta = parse({ architectures: ['RobertaForMaskedLM'], vocab_size: 10 });
    expect(roberta.config.modelType).toBe('roberta');
    expect(roberta.raw.model_type).toBe('roberta');
    expect(roberta.notices).toEqual(['config.json names no model_type; it is read as roberta.']);
    expect(parse({ vocab_size: 10 }).config.modelType).toBe('bert');
  });
});

describe('config.json is refused', () => {
  const cases: readonly (readonly [what: string, raw: object, code: string, says: RegExp])[] = [
    ['another architecture', { model_type: 'gpt2' }, 'unsupported-architecture', /"gpt2"/],
    ['one only named', { architectures: ['BertJapaneseX'] }, 'unsupported-architecture', /BertJ/],
    ['no vocabulary size', { model_type: 'bert' }, 'config', /"vocab_size" is missing/],
    ['a wrong type', { ...bert, hidden_size: 'big' }, 'config', /"hidden_size" is "big"/],
    ['an impossible size', { ...bert, vocab_size: 1e12 }, 'config', /"vocab_size"/],
    ['an indivisible width', { ...bert, num_attention_heads: 7 }, 'config', /768.*7 attention/],
    ['padding outside', { ...bert, pad_token_id: 30522 }, 'config', /"pad_token_id"/],
    [
      'relative positions',
      { ...bert, position_embedding_type: 'relative_key' },
      'unsupported-feature',
      /"relative_key": relative position embeddings/,
    ],
    ['a decoder', { ...bert, is_decoder: true }, 'unsupported-feature', /decoders/],
    ['own code', { ...bert, auto_map: { AutoModel: 'x.Y' } }, 'unsupported-feature', /own code/],
    ['an activation', { ...bert, hidden_act: 'silu' }, 'unsupported-feature', /"silu".*gelu_new/],
    ['factored embeddings', { ...bert, embedding_size: 128 }, 'unsupported-feature', /factored/],
  ];
  test.each(cases)('for %s', (_, raw, code, says) => {
    let thrown: unknown;
    try {
      parse(raw);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    expect(thrown).toMatchObject({ code: `model/${code}` });
    expect(String(thrown)).toMatch(says);
  });

  test('with the supported model types in the hint', () => {
    const hint = 'Supported model types: bert, roberta, distilbert.';
    expect(() => parse({ model_type: 'gpt2' })).toThrow(expect.objectContaining({ hint }));
  });

  test('when it is not JSON', () => {
    expect(() => parseConfig('{', 'config.json')).toThrow(/config\.json is not JSON/);
    expect(() => parseConfig('[]', 'config.json')).toThrow(UserError);
  });
});
