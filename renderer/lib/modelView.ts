/** Names of what the contract has short words for. */
import type { Model } from '../../core/workbench/contract.ts';

export const ARCHITECTURES: Readonly<Record<Model['architecture'], string>> = {
  bert: 'BERT',
  distilbert: 'DistilBERT',
  roberta: 'RoBERTa',
};

export const TOKENIZERS: Readonly<Record<Model['tokenizerKind'], string>> = {
  wordpiece: 'WordPiece',
  'byte-level-bpe': 'byte-level BPE',
};

/** The last part of a path: a name that a person may want to keep. */
export function baseName(path: string): string {
  return (
    path
      .split(/[\\/]/)
      .filter((part) => part !== '')
      .at(-1) ?? ''
  );
}

/** As baseName, without the endings that readers know: "notes" of "/data/notes.jsonl.gz". */
export function corpusName(path: string): string {
  return baseName(path).replace(/(\.(txt|text|md|csv|tsv|tab|jsonl|ndjson|parquet))?(\.gz)?$/i, '');
}
