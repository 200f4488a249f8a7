import type { Connection } from './database.ts';

export interface ModelRecord {
  /** Equal to `hash`: a model is its content. */
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly architecture: 'bert' | 'roberta' | 'distilbert';
  readonly parameters: number;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly maxSeqLength: number;
  readonly tokenizerKind: 'wordpiece' | 'byte-level-bpe';
  readonly tokenizerHash: string;
  readonly cased: boolean;
  /** Relative to the home folder; absolute when linked. */
  readonly folder: string;
  readonly linked: boolean;
  readonly parentRun: string | null;
  readonly notices: readonly string[];
  readonly createdAt: string;
}

type Row = Omit<ModelRecord, 'cased' | 'linked' | 'notices'> & {
  readonly cased: number;
  readonly linked: number;
  readonly notices: string;
};

const COLUMNS = `id, name, hash, architecture, parameters, vocab_size AS vocabSize,
  hidden_size AS hiddenSize, layers, max_seq_length AS maxSeqLength,
  tokenizer_kind AS tokenizerKind, tokenizer_hash AS tokenizerHash, cased, folder, linked,
  parent_run AS parentRun, notices, created_at AS createdAt`;

function fromRow(row: Row): ModelRecord {
  return {
    ...row,
    cased: row.cased === 1,
    linked: row.linked === 1,
    notices: JSON.parse(row.notices) as string[],
  };
}

export function modelQueries(connection: Connection) {
  const insert = connection.prepare<[Row]>(`
    INSERT INTO models (id, name, hash, architecture, parameters, vocab_size, hidden_size, layers,
      max_seq_length, tokenizer_kind, tokenizer_hash, cased, folder, linked, parent_run, notices,
      created_at)
    VALUES (@id, @name, @hash, @architecture, @parameters, @vocabSize, @hiddenSize, @layers,
      @maxSeqLength, @tokenizerKind, @tokenizerHash, @cased, @folder, @linked, @parentRun, @notices,
      @createdAt)`);
  const list = connection.prepare<[], Row>(`SELECT ${COLUMNS} FROM models ORDER BY created_at, id`);
  const byId = connection.prepare<[string], Row>(`SELECT ${COLUMNS} FROM models WHERE id = ?`);
  const relocate = connection.prepare<[string, number, string]>(
    'UPDATE models SET folder = ?, linked = ? WHERE id = ?',
  );
  const remove = connection.prepare<[string]>('DELETE FROM models WHERE id = ?');
  const count = connection.prepare<[], number>('SELECT count(*) FROM models').pluck();
  return {
    insert(model: ModelRecord): void {
      insert.run({
        ...model,
        cased: Number(model.cased),
        linked: Number(model.linked),
        notices: JSON.stringify(model.notices),
      });
    },
    list: (): ModelRecord[] => list.all().map(fromRow),
    find(id: string): ModelRecord | undefined {
      const row = byId.get(id);
      return row === undefined ? undefined : fromRow(row);
    },
    relocate(id: string, folder: string, linked: boolean): void {
      relocate.run(folder, Number(linked), id);
    },
    remove(id: string): void {
      remove.run(id);
    },
    count: (): number => count.get() ?? 0,
  };
}
