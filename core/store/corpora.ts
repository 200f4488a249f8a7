import type { Connection } from './database.ts';

/** Counts and names only: a corpus's text is in its folder and nowhere else. */
export interface CorpusRecord {
  readonly id: string;
  readonly name: string;
  /** Relative to the home folder. */
  readonly folder: string;
  readonly contentHash: string;
  readonly documents: number;
  readonly characters: number;
  readonly documentsRead: number;
  readonly exactDuplicates: number;
  readonly nearDuplicates: number;
  readonly nearDuplicateClusters: number;
  readonly replacedSequences: number;
  readonly removedNulCharacters: number;
  readonly trainDocuments: number;
  readonly validationDocuments: number;
  readonly testDocuments: number;
  readonly column: string | null;
  readonly groupColumn: string | null;
  readonly createdAt: string;
}

/** A frozen-mask set made from a corpus; `path` is relative to the home folder. */
export interface FrozenSetRecord {
  readonly id: string;
  readonly corpusId: string;
  readonly path: string;
  readonly sha256: string;
  readonly createdAt: string;
}

const COLUMNS = `id, name, folder, content_hash AS contentHash, documents, characters,
  documents_read AS documentsRead, exact_duplicates AS exactDuplicates,
  near_duplicates AS nearDuplicates, near_duplicate_clusters AS nearDuplicateClusters,
  replaced_sequences AS replacedSequences,
  removed_nul_characters AS removedNulCharacters, train_documents AS trainDocuments,
  validation_documents AS validationDocuments, test_documents AS testDocuments,
  text_column AS "column", group_column AS groupColumn, created_at AS createdAt`;

const FROZEN_COLUMNS = 'id, corpus_id AS corpusId, path, sha256, created_at AS createdAt';

export function corpusQueries(connection: Connection) {
  const insert = connection.prepare<[CorpusRecord]>(`
    INSERT INTO corpora (id, name, folder, content_hash, documents, characters, documents_read,
      exact_duplicates, near_duplicates, near_duplicate_clusters, replaced_sequences,
      removed_nul_characters,
      train_documents, validation_documents, test_documents, text_column, group_column, created_at)
    VALUES (@id, @name, @folder, @contentHash, @documents, @characters, @documentsRead,
      @exactDuplicates, @nearDuplicates, @nearDuplicateClusters, @replacedSequences,
      @removedNulCharacters,
      @trainDocuments, @validationDocuments, @testDocuments, @column, @groupColumn, @createdAt)`);
  const list = connection.prepare<[], CorpusRecord>(
    `SELECT ${COLUMNS} FROM corpora ORDER BY created_at, id`,
  );
  const byId = connection.prepare<[string], CorpusRecord>(
    `SELECT ${COLUMNS} FROM corpora WHERE id = ?`,
  );
  const remove = connection.prepare<[string]>('DELETE FROM corpora WHERE id = ?');
  const count = connection.prepare<[], number>('SELECT count(*) FROM corpora').pluck();
  const putFrozen = connection.prepare<[FrozenSetRecord]>(`
    INSERT OR REPLACE INTO frozen_sets (id, corpus_id, path, sha256, created_at)
    VALUES (@id, @corpusId, @path, @sha256, @createdAt)`);
  const frozenById = connection.prepare<[string], FrozenSetRecord>(
    `SELECT ${FROZEN_COLUMNS} FROM frozen_sets WHERE id = ?`,
  );
  const frozenByCorpus = connection.prepare<[string], FrozenSetRecord>(
    `SELECT ${FROZEN_COLUMNS} FROM frozen_sets WHERE corpus_id = ? ORDER BY id`,
  );
  const listFrozen = connection.prepare<[], FrozenSetRecord>(
    `SELECT ${FROZEN_COLUMNS} FROM frozen_sets ORDER BY id`,
  );
  return {
    insert(corpus: CorpusRecord): void {
      insert.run(corpus);
    },
    list: (): CorpusRecord[] => list.all(),
    find: (id: string): CorpusRecord | undefined => byId.get(id),
    /** Removes the corpus and the record of its frozen-mask sets. */
    remove(id: string): void {
      remove.run(id);
    },
    count: (): number => count.get() ?? 0,
    putFrozenSet(set: FrozenSetRecord): void {
      putFrozen.run(set);
    },
    listFrozenSets: (): FrozenSetRecord[] => listFrozen.all(),
    findFrozenSet: (id: string): FrozenSetRecord | undefined => frozenById.get(id),
    frozenSetsOf: (corpusId: string): FrozenSetRecord[] => frozenByCorpus.all(corpusId),
  };
}
