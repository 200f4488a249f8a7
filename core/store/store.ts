/** The history as the services see it: one object a table family, and transactions over them. */
import { checkpointQueries } from './checkpoints.ts';
import { choiceQueries } from './choices.ts';
import { corpusQueries } from './corpora.ts';
import { curveQueries } from './curves.ts';
import { eraseRemnants, findDamage, openDatabase } from './database.ts';
import type { DatabaseOptions } from './database.ts';
import { evaluationQueries } from './evaluations.ts';
import { fisherQueries } from './fisher.ts';
import { metricQueries } from './metrics.ts';
import { modelQueries } from './models.ts';
import { noteQueries } from './notes.ts';
import { projectQueries } from './projects.ts';
import { runSummaryQueries } from './runSummaries.ts';
import { runQueries } from './runs.ts';
import { withStoreErrors } from './storeErrors.ts';
import { tagQueries } from './tags.ts';
import { taskQueries } from './tasks.ts';

export type Store = ReturnType<typeof openStore>;

/** @throws UserError as openDatabase does */
export function openStore(path: string, options: DatabaseOptions = {}) {
  const connection = openDatabase(path, options);
  return {
    path,
    models: modelQueries(connection),
    corpora: corpusQueries(connection),
    tasks: taskQueries(connection),
    projects: projectQueries(connection),
    choices: choiceQueries(connection),
    runs: runQueries(connection),
    runSummaries: runSummaryQueries(connection),
    metrics: metricQueries(connection),
    curves: curveQueries(connection),
    evaluations: evaluationQueries(connection),
    fisher: fisherQueries(connection),
    checkpoints: checkpointQueries(connection),
    tags: tagQueries(connection),
    notes: noteQueries(connection),
    /** All of `action` or nothing; may nest. */
    transaction<Result>(action: () => Result): Result {
      return withStoreErrors(path, () => connection.transaction(action).immediate());
    },
    eraseRemnants(): void {
      withStoreErrors(path, () => {
        eraseRemnants(connection);
      });
    },
    findDamage: (): string | null => withStoreErrors(path, () => findDamage(connection)),
    sqliteVersion: (): string =>
      withStoreErrors(path, () =>
        String(connection.prepare('SELECT sqlite_version()').pluck().get()),
      ),
    close(): void {
      connection.close();
    },
  };
}
