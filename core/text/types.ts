/** Plain types of the text pipeline: what the training and evaluation code sees of a corpus. */

export type SplitName = 'train' | 'validation' | 'test';

/** One encoded text, without special tokens. */
export interface Encoding {
  readonly ids: Int32Array;
  /** Character offsets in UTF-16 code units of the text given. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** 1 where a token begins a word; a word is a whitespace- and punctuation-delimited pre-token. */
  readonly wordStarts: Uint8Array;
}

export interface SpecialTokens {
  readonly cls: number;
  readonly sep: number;
  readonly pad: number;
  readonly mask: number;
  readonly unk: number;
}

export interface Tokenizer {
  /** SHA-256 over the vocabulary and every setting that changes ids. */
  readonly hash: string;
  readonly kind: 'wordpiece' | 'byte-level-bpe';
  readonly vocabSize: number;
  readonly specialTokens: SpecialTokens;
  /** Ids never produced by random replacement and never masked. */
  readonly specialIds: ReadonlySet<number>;
  encode(text: string): Promise<Encoding>;
  /** Many at once; the library does them in parallel. */
  encodeBatch(texts: readonly string[]): Promise<Encoding[]>;
  /** Empty for an id below vocabSize that the vocabulary leaves out. */
  tokenOf(id: number): string;
  idOf(token: string): number | undefined;
  /** Text of the tokens, special ones included, joined as the tokenizer's decoder does. */
  decode(ids: readonly number[]): string;
}

/** `document`: windows never cross documents. `concatenate`: as run_mlm does. */
export type Packing = 'document' | 'concatenate';

/** One window with its special tokens, not padded. */
export interface TokenWindow {
  /** Includes the leading and trailing special tokens. */
  readonly inputIds: Int32Array;
  /** 1 where a token begins a word; 0 for special tokens and continuations. */
  readonly wordStarts: Uint8Array;
  /** Index of the document (of the first one, when concatenated) in the corpus. */
  readonly document: number;
}

/** The windows of one split of one corpus for one tokenizer and length, read from disk as needed. */
export interface WindowSource {
  readonly split: SplitName;
  readonly windowCount: number;
  readonly tokenCount: number;
  /** Length in tokens of a window, special tokens included, without reading it. */
  windowLength(index: number): number;
  window(index: number): TokenWindow;
  close(): void;
}

/** How documents are found in plain text: one a file, one a line, or separated by blank lines. */
export type DocumentBoundary = 'file' | 'line' | 'blank-line';

export interface CorpusDocument {
  readonly index: number;
  readonly text: string;
  readonly split: SplitName;
  /** Near-duplicate cluster or value of the group column; documents of a group share a split. */
  readonly group: number;
}

/** `corpus.json` in a corpus folder. Counts are of documents kept unless a name says otherwise. */
export interface CorpusManifest {
  readonly formatVersion: 1;
  /** SHA-256 of the normalised documents, their splits and groups. */
  readonly contentHash: string;
  readonly documents: number;
  readonly characters: number;
  readonly bytes: number;
  readonly documentsRead: number;
  readonly exactDuplicates: number;
  /** Documents in near-duplicate clusters of two or more, and the number of such clusters. */
  readonly nearDuplicates: number;
  readonly nearDuplicateClusters: number;
  readonly emptyDocuments: number;
  /** Byte sequences that were not UTF-8 and became U+FFFD. */
  readonly replacedSequences: number;
  readonly removedNulCharacters: number;
  /** Files in the folders given that no reader knows. */
  readonly skippedFiles: number;
  readonly splitDocuments: Readonly<Record<SplitName, number>>;
  readonly splitGroups: Readonly<Record<SplitName, number>>;
  /**
   * What was given, without its contents. The hash of a folder is over `SHA-256  name` lines of its
   * files; its bytes are their sum.
   */
  readonly sources: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
  readonly column: string | null;
  readonly groupColumn: string | null;
  readonly documentBoundary: DocumentBoundary;
  readonly seed: number;
}

/** An imported corpus on disk, read document by document; never the whole in memory. */
export interface CorpusReader {
  readonly folder: string;
  readonly manifest: CorpusManifest;
  document(index: number): CorpusDocument;
  documents(split?: SplitName): Iterable<CorpusDocument>;
  close(): void;
}

/** What long work reports; `total` is null when it cannot be known. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: string;
}
export type ReportProgress = (progress: Progress) => void;
