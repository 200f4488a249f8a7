/**
 * The Workbench of a home folder that another process owns. It reads the history itself, on a
 * connection that cannot write, and hands everything else to the owner through the spool.
 */
import { open, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError, errorFromReport, isMissing } from '../base/errors.ts';
import { writeFileAtomically } from '../base/files.ts';
import { isOwnerLockHeld } from '../store/ownerLock.ts';
import { openStore } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import { asStoreError } from '../store/storeErrors.ts';
import type { Progress } from '../text/types.ts';
import { abortedError, checkRequest, isPrivateCall } from './calls.ts';
import type { CallContext, Handlers, PrivateCall } from './calls.ts';
import { calls, workbenchEventSchema } from './contract.ts';
import type { CallName, Reply, Request, WorkbenchClient, WorkbenchEvent } from './contract.ts';
import { homeAt } from './home.ts';
import type { Home } from './home.ts';
import { startNodeProcess } from './hostProcess.ts';
import type { StartProcess } from './hostProcess.ts';
import { jobRunner } from './jobs.ts';
import { isReadCall, readHandlers } from './reads.ts';
import type { ReadCall } from './reads.ts';
import { corpusPreviewHandlers } from './services/corpusPreview.ts';
import { fillMaskHandlers } from './services/fillMask.ts';
import { LEASE_MILLISECONDS, newCallId, readSpoolReply, spoolFile, spoolFilesOf } from './spool.ts';
import { WarmJob } from './warmJob.ts';
import type { SpoolReply, SpoolRequest } from './spool.ts';
import { ownerDied } from './spoolServer.ts';

const POLL_MILLISECONDS = 50;
/** Every so many polls the owner's lock and our own lease are looked at. */
const POLLS_PER_OWNER_CHECK = 20;
/** How long a new owner may take until its database can be read. */
const OWNER_START_MILLISECONDS = 15_000;

/**
 * Connects to the owner of a home folder.
 * @throws UserError `home/no-owner`; and `store/…` when the owner is of another version
 */
export async function connectWorkbench(
  path: string,
  startProcess: StartProcess = startNodeProcess,
): Promise<WorkbenchClient> {
  const home = homeAt(path);
  const store = await openOwnersStore(home);
  return new RemoteWorkbench(home, store, startProcess);
}

/** An owner that has only just taken the folder may still be making or migrating the database. */
async function openOwnersStore(home: Home): Promise<Store> {
  for (let waited = 0; ; waited += POLL_MILLISECONDS) {
    if (!existsSync(home.ownerLock) || !isOwnerLockHeld(home.ownerLock)) throw noOwner(home);
    try {
      return openStore(home.database, { readOnly: true });
    } catch (error) {
      if (waited >= OWNER_START_MILLISECONDS) throw error;
      if (error instanceof UserError && error.code === 'store/newer') throw error;
    }
    await sleep(POLL_MILLISECONDS);
  }
}

class RemoteWorkbench implements WorkbenchClient {
  readonly #home: Home;
  readonly #store: Store;
  readonly #reads: Handlers<ReadCall>;
  readonly #private: Handlers<PrivateCall>;
  readonly #fillMask: WarmJob<'models/fill-mask'>;
  readonly #listeners = new Set<(event: WorkbenchEvent) => void>();
  readonly #stop = new AbortController();
  readonly #waiting = new Set<Promise<unknown>>();
  #subscription: AbortController | undefined;

  constructor(home: Home, store: Store, startProcess: StartProcess) {
    this.#home = home;
    this.#store = store;
    this.#reads = readHandlers(home, store);
    // Ends after each answer: the weights of a command are not asked for again.
    const fill = new WarmJob({ name: 'models/fill-mask', startProcess, mayStay: () => false });
    this.#fillMask = fill;
    this.#private = {
      ...corpusPreviewHandlers(jobRunner(startProcess)),
      ...fillMaskHandlers({ home, store }, (request, context) => fill.call(request, context)),
    };
  }

  async call<Name extends CallName>(
    name: Name,
    request: Request<Name>,
    options: { signal?: AbortSignal; onProgress?: (event: WorkbenchEvent) => void } = {},
  ): Promise<Reply<Name>> {
    // What is wrong with a request is told at once, without asking the owner.
    const checked = checkRequest(name, request);
    if (isReadCall(name)) {
      const read = this.#reads[name] as Handlers[Name];
      // Without an owner what the history says of runs at work may be long past.
      if (!isOwnerLockHeld(this.#home.ownerLock)) throw noOwner(this.#home);
      try {
        return await read(checked, NO_CONTEXT);
      } catch (error) {
        throw asStoreError(error, this.#home.database);
      }
    }
    const signals = options.signal === undefined ? [] : [options.signal];
    const id = newCallId();
    const signal = AbortSignal.any([this.#stop.signal, ...signals]);
    if (isPrivateCall(name)) {
      // Request and reply would be files with the text in them.
      const handler = this.#private[name] as Handlers[Name];
      const report = (progress: Progress): void =>
        options.onProgress?.({ type: 'progress', call: id, ...progress });
      return this.#track((async () => handler(checked, { signal, report }))());
    }
    const reply = await this.#track(
      this.#ask({ formatVersion: 1, type: 'call', id, name, request: checked }, signal, (event) =>
        options.onProgress?.(event),
      ),
    );
    return calls[name].reply.parse(reply) as Reply<Name>;
  }

  subscribe(listener: (event: WorkbenchEvent) => void): () => void {
    this.#listeners.add(listener);
    if (this.#subscription === undefined) {
      const subscription = new AbortController();
      this.#subscription = subscription;
      const request = { formatVersion: 1, type: 'subscribe', id: newCallId() } as const;
      const signal = AbortSignal.any([this.#stop.signal, subscription.signal]);
      const asked = this.#ask(request, signal, (event) => {
        for (const each of this.#listeners) each(event);
      });
      // A subscription that ends is no error of its own: the next call tells that the owner is gone.
      void this.#track(asked.catch(() => undefined));
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#subscription?.abort();
      this.#subscription = undefined;
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([...this.#waiting]);
    this.#fillMask.close();
    this.#store.close();
  }

  async #track<Result>(work: Promise<Result>): Promise<Result> {
    this.#waiting.add(work);
    try {
      return await work;
    } finally {
      this.#waiting.delete(work);
    }
  }

  /** Writes the request, follows its events, and returns the reply; leaves no file behind. */
  async #ask(
    request: SpoolRequest,
    signal: AbortSignal,
    onEvent: (event: WorkbenchEvent) => void,
  ): Promise<unknown> {
    const folder = this.#home.spool;
    const { id } = request;
    if (signal.aborted) throw abortedError();
    const lease = spoolFile(folder, 'lease', id);
    await writeFile(lease, '', { mode: 0o600 });
    const beat = setInterval(() => {
      const now = new Date();
      void utimes(lease, now, now).catch(() => undefined);
    }, LEASE_MILLISECONDS);
    const events = new EventTail(spoolFile(folder, 'events', id), onEvent);
    try {
      await writeFileAtomically(spoolFile(folder, 'request', id), JSON.stringify(request));
      const reply = await this.#awaitReply(id, signal, events);
      await events.read();
      if (reply.type === 'done') return reply.reply;
      throw errorFromReport(reply.error);
    } finally {
      clearInterval(beat);
      for (const path of spoolFilesOf(folder, id)) await rm(path, { force: true });
    }
  }

  async #awaitReply(id: string, signal: AbortSignal, events: EventTail): Promise<SpoolReply> {
    const folder = this.#home.spool;
    let told = false;
    for (let poll = 1; ; poll++) {
      const reply = await readSpoolReply(spoolFile(folder, 'reply', id));
      if (reply !== undefined) return reply;
      if (signal.aborted && !told) {
        told = true;
        if (await this.#withdraw(id)) throw abortedError();
        await writeFile(spoolFile(folder, 'abort', id), '', { mode: 0o600 });
      }
      await events.read();
      if (poll % POLLS_PER_OWNER_CHECK === 0) {
        const isOwned = isOwnerLockHeld(this.#home.ownerLock);
        if (!isOwned || !existsSync(spoolFile(folder, 'lease', id))) {
          // The reply may have been the owner's last act.
          const last = await readSpoolReply(spoolFile(folder, 'reply', id));
          if (last !== undefined) return last;
          if (isOwned) throw callDropped();
          throw (await this.#withdraw(id)) ? noOwner(this.#home) : ownerDied();
        }
      }
      await sleep(POLL_MILLISECONDS);
    }
  }

  /** Takes back a request that no owner has taken; false when it is too late. */
  async #withdraw(id: string): Promise<boolean> {
    const path = spoolFile(this.#home.spool, 'request', id);
    try {
      // A rename, so that of owner and client exactly one gets it.
      await rename(path, spoolFile(this.#home.spool, 'abort', id));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }
}

/** Reads the whole lines that were appended since the last time. */
class EventTail {
  readonly #path: string;
  readonly #onEvent: (event: WorkbenchEvent) => void;
  #position = 0;

  constructor(path: string, onEvent: (event: WorkbenchEvent) => void) {
    this.#path = path;
    this.#onEvent = onEvent;
  }

  async read(): Promise<void> {
    let file;
    try {
      file = await open(this.#path, 'r');
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    try {
      const { size } = await file.stat();
      if (size <= this.#position) return;
      const bytes = Buffer.alloc(size - this.#position);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#position);
      // A line feed never lies inside a character, so cutting there keeps characters whole.
      const end = bytes.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      this.#position += end;
      for (const line of bytes.toString('utf8', 0, end).split('\n')) this.#take(line);
    } finally {
      await file.close();
    }
  }

  #take(line: string): void {
    if (line === '') return;
    const event = workbenchEventSchema.safeParse(JSON.parse(line)).data;
    if (event !== undefined) this.#onEvent(event);
  }
}

const NO_CONTEXT: CallContext = {
  signal: new AbortController().signal,
  report: () => undefined,
};

function noOwner(home: Home): UserError {
  return new UserError(
    'home/no-owner',
    `No process has the home folder open any more: ${home.path}.`,
    'Run the command again.',
  );
}

/** The owner removes the lease of a client that stood still, as a suspended one does, or of one it cannot answer. */
function callDropped(): UserError {
  return new UserError(
    'home/call-dropped',
    'The process that has the home folder open gave this request up: its reply could not be written, or this process stood still for too long.',
    'See what is there with the list commands, free some space if the disk is full, and run the command again.',
  );
}
