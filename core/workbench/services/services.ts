/** What the services share: the open home folder, its history, and ways to have work done. */
import type { Store } from '../../store/store.ts';
import type { WorkbenchEvent } from '../contract.ts';
import type { Home } from '../home.ts';
import type { RunJob } from '../jobs.ts';
import type { RunQueue } from '../queue.ts';
import type { CorpusUse } from './corpusUse.ts';

export interface Services {
  readonly home: Home;
  readonly store: Store;
  readonly queue: RunQueue;
  readonly runJob: RunJob;
  readonly corpusUse: CorpusUse;
  /** Tells every listener of this Workbench. */
  readonly publish: (event: WorkbenchEvent) => void;
  /** Removes what other processes' requests left behind, their texts included. */
  readonly clearSpool: () => Promise<void>;
}
