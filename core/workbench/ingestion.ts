/**
 * Takes a run's events into the database. The file `events.jsonl` is the truth and a message only
 * the quickest way to it: an event is applied once, whichever way it comes, so that reading a whole
 * file again changes nothing and a folder from another machine can be taken in.
 */
import { readEvents } from '../training/eventLog.ts';
import type { RunEvent } from '../training/events.ts';
import type { RunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

type Place = Pick<RunEvent, 'attempt' | 'sequence'>;

function isAfter(event: Place, last: Place): boolean {
  return (
    event.attempt > last.attempt ||
    (event.attempt === last.attempt && event.sequence > last.sequence)
  );
}

/**
 * Whether `event` is the next one after the last that was taken in; after a gap the file must be
 * read. The first event of an attempt has sequence 0.
 */
export function isNext(event: Place, last: Place): boolean {
  return (
    (event.attempt === last.attempt && event.sequence === last.sequence + 1) ||
    (event.attempt > last.attempt && event.sequence === 0)
  );
}

/** Applies the events of one run that are new, in order and in one transaction; returns those. */
export function takeIn(store: Store, runId: string, events: readonly RunEvent[]): RunEvent[] {
  return store.transaction(() => {
    const run = store.runs.find(runId);
    if (run === undefined) return [];
    let last: Place = { attempt: run.lastAttempt, sequence: run.lastSequence };
    const applied: RunEvent[] = [];
    for (const event of events) {
      if (!isAfter(event, last)) continue;
      apply(store, run, event);
      last = event;
      applied.push(event);
    }
    if (applied.length > 0) {
      store.runs.update(runId, { lastAttempt: last.attempt, lastSequence: last.sequence });
    }
    return applied;
  });
}

/** Takes in what the run folder's event file has and the database has not. */
export function reconcile(store: Store, runId: string, runFolder: string): RunEvent[] {
  return takeIn(store, runId, readEvents(runFolder));
}

function apply(store: Store, run: RunRecord, event: RunEvent): void {
  switch (event.type) {
    case 'started': {
      const resumedAt = event.resumedFrom ?? 0;
      // An attempt that resumed at step N makes void what earlier ones said of later steps.
      store.metrics.removeAfter(run.id, resumedAt);
      store.evaluations.removeAfter(run.id, resumedAt);
      store.checkpoints.removeAfter(run.id, resumedAt);
      store.runs.update(run.id, {
        step: resumedAt,
        totalSteps: event.totalSteps,
        engine: event.engine,
        device: event.device,
        threads: event.threads,
        versions: event.versions,
        ...(event.attempt === 1 ? { startedAt: event.time } : {}),
      });
      return;
    }
    case 'metrics': {
      for (const [name, value] of Object.entries(event.values)) {
        const key = { name, split: '', role: '' };
        store.metrics.put(run.id, key, { step: event.step, value });
      }
      store.runs.update(run.id, { step: event.step });
      return;
    }
    case 'evaluation': {
      const { name, role, split, phase, step, nll, tokens, setHash, scoresPath, scoresHash } =
        event;
      store.evaluations.put(run.id, {
        name,
        role,
        split,
        phase,
        step,
        nll,
        tokens,
        setHash,
        scoresPath,
        scoresHash,
      });
      const key = { name: `evaluation/${name}/nll`, split, role };
      store.metrics.put(run.id, key, { step, value: nll });
      return;
    }
    case 'checkpoint': {
      const { step, path, sha256, bytes } = event;
      store.checkpoints.put(run.id, { step, path, sha256, bytes });
      store.runs.update(run.id, { step });
      return;
    }
    case 'ended':
      store.runs.update(run.id, { step: event.step });
      return;
    // These are read from the file when somebody asks (runReports.ts).
    case 'rehearsal':
    case 'fisher':
    case 'guard':
    case 'log':
      return;
  }
}
