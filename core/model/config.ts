/** The part of a Hugging Face `config.json` that decides what is computed, under its BERT names. */
export interface EncoderConfig {
  readonly modelType: 'bert' | 'roberta' | 'distilbert';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly intermediateSize: number;
  readonly hiddenAct: 'gelu' | 'gelu_new' | 'relu';
  readonly hiddenDropoutProb: number;
  readonly attentionProbsDropoutProb: number;
  /** Rows of the position table (RoBERTa: 514 rows serve 512 positions). */
  readonly maxPositionEmbeddings: number;
  /** 0 for DistilBERT, which has no token types. */
  readonly typeVocabSize: number;
  readonly layerNormEps: number;
  readonly initializerRange: number;
  readonly padTokenId: number;
  readonly tieWordEmbeddings: boolean;
}

/** RoBERTa numbers positions from padding_idx + 1, and only over tokens that are not padding. */
export function firstPosition(config: EncoderConfig): number {
  return config.modelType === 'roberta' ? config.padTokenId + 1 : 0;
}

/** The longest window the position table can hold, special tokens included. */
export function maximumSequenceLength(config: EncoderConfig): number {
  return config.maxPositionEmbeddings - firstPosition(config);
}
