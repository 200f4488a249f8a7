/** The owner's side of the spool: takes requests, runs them, writes what comes of them. */
import { watch } from 'node:fs';
import { appendFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { UserError, isMissing, reportError } from '../base/errors.ts';
import { writeFileAtomically } from '../base/files.ts';
import { isPrivateCall, requireCallName } from './calls.ts';
import type { WorkbenchClient, WorkbenchEvent } from './contract.ts';
import type { Home } from './home.ts';
import {
  LEASE_EXPIRY_MILLISECONDS,
  LEASE_MILLISECONDS,
  parseSpoolName,
  readSpoolRequest,
  spoolFile,
  spoolFilesOf,
} from './spool.ts';
import type { SpoolReply, SpoolRequest } from './spool.ts';

/** The folder is watched; this is for what a watch misses, and for leases and aborts. */
const POLL_MILLISECONDS = 500;

export interface SpoolServer {
  /** Removes every file that belongs to no living client. */
  clear(): Promise<void>;
  /** Stops the calls of others; each is told to try the next owner. */
  close(): Promise<void>;
}

export async function serveSpool(home: Home, workbench: WorkbenchClient): Promise<SpoolServer> {
  const server = new Server(home.spool, workbench);
  await server.start();
  return server;
}

/** A dead client's call goes on for so long: after a machine slept, every lease looks dead for a moment. */
const GRACE_MILLISECONDS = 3 * LEASE_MILLISECONDS;

interface Served {
  readonly stop: AbortController;
  /** When the client's lease was first found expired. */
  expiredSince: number | undefined;
  readonly finished: Promise<void>;
}

class Server implements SpoolServer {
  readonly #folder: string;
  readonly #workbench: WorkbenchClient;
  readonly #served = new Map<string, Served>();
  #scanning: Promise<void> | undefined;
  #scanAgain = false;
  #closed = false;
  #release = (): void => undefined;

  constructor(folder: string, workbench: WorkbenchClient) {
    this.#folder = folder;
    this.#workbench = workbench;
  }

  async start(): Promise<void> {
    await this.#answerForLastOwner();
    const timer = setInterval(() => {
      this.#wake();
    }, POLL_MILLISECONDS);
    timer.unref();
    const watcher = watch(this.#folder, { persistent: false }, () => {
      this.#wake();
    });
    // Without a watch, on a system that has run out of them, the poll is enough.
    watcher.on('error', () => undefined);
    this.#release = () => {
      clearInterval(timer);
      watcher.close();
    };
    this.#wake();
  }

  async clear(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const file = parseSpoolName(name);
      if (file === undefined || !(await this.#hasLivingClient(file.id))) {
        await this.#remove(file?.id, name);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#release();
    await this.#scanning;
    const served = [...this.#served.values()];
    for (const { stop } of served) stop.abort();
    await Promise.all(served.map(({ finished }) => finished));
  }

  /** Requests that the last owner had taken when it died are not run again: they may be half done. */
  async #answerForLastOwner(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const file = parseSpoolName(name);
      if (file?.kind !== 'taken') continue;
      await this.#reply(file.id, { formatVersion: 1, type: 'failed', error: ownerDied().toJSON() });
      await rm(spoolFile(this.#folder, 'taken', file.id), { force: true });
    }
  }

  #wake(): void {
    if (this.#closed) return;
    this.#scanAgain = true;
    this.#scanning ??= this.#scan().finally(() => {
      this.#scanning = undefined;
    });
  }

  async #scan(): Promise<void> {
    while (this.#scanAgain && !this.#closed) {
      this.#scanAgain = false;
      try {
        await this.#scanOnce();
      } catch {
        // A full disk or a folder that vanished must not end the owner; the next poll tries again.
      }
    }
  }

  async #scanOnce(): Promise<void> {
    const files = (await readdir(this.#folder)).flatMap((name) => parseSpoolName(name) ?? []);
    for (const { kind, id } of files) {
      const served = this.#served.get(id);
      if (served === undefined) {
        if (!(await this.#hasLivingClient(id))) await this.#remove(id);
        else if (kind === 'request') await this.#take(id);
      } else if (kind === 'abort') {
        served.stop.abort();
      } else if (kind === 'taken') {
        if (await this.#hasLivingClient(id)) served.expiredSince = undefined;
        else served.expiredSince ??= performance.now();
        const since = served.expiredSince ?? Infinity;
        if (performance.now() - since > GRACE_MILLISECONDS) served.stop.abort();
      }
    }
  }

  async #take(id: string): Promise<void> {
    const path = spoolFile(this.#folder, 'taken', id);
    try {
      await rename(spoolFile(this.#folder, 'request', id), path);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    const stop = new AbortController();
    const finished = this.#serve(id, path, stop.signal).finally(() => this.#served.delete(id));
    this.#served.set(id, { stop, expiredSince: undefined, finished });
  }

  /** Never rejects. */
  async #serve(id: string, path: string, signal: AbortSignal): Promise<void> {
    const events = new EventFile(spoolFile(this.#folder, 'events', id));
    let reply: SpoolReply;
    try {
      const request = await readSpoolRequest(path, id);
      const answer = await this.#perform(request, signal, events);
      reply = { formatVersion: 1, type: 'done', reply: answer };
    } catch (error) {
      const stopped = error instanceof UserError && error.code === 'call/aborted';
      const told = this.#closed && stopped ? ownerClosed() : error;
      reply = { formatVersion: 1, type: 'failed', error: reportError(told) };
    }
    await events.flushed();
    await rm(path, { force: true, recursive: true }).catch(() => undefined);
    if (await this.#hasLivingClient(id)) await this.#reply(id, reply);
    else await this.#remove(id).catch(() => undefined);
  }

  async #perform(request: SpoolRequest, signal: AbortSignal, events: EventFile): Promise<unknown> {
    if (request.type === 'call') {
      const name = requireCallName(request.name);
      if (isPrivateCall(name)) throw notThroughFiles(name);
      // The Workbench checks the request against the contract before it uses it.
      return this.#workbench.call(name, request.request as never, {
        signal,
        onProgress: (event) => {
          events.append(event);
        },
      });
    }
    const unsubscribe = this.#workbench.subscribe((event) => {
      events.append(event);
    });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
    unsubscribe();
    return {};
  }

  /** On a full disk the files of the call are removed instead: its client sees its lease gone. */
  async #reply(id: string, reply: SpoolReply): Promise<void> {
    const path = spoolFile(this.#folder, 'reply', id);
    try {
      await writeFileAtomically(path, JSON.stringify(reply));
    } catch {
      await this.#remove(id).catch(() => undefined);
    }
  }

  async #hasLivingClient(id: string): Promise<boolean> {
    try {
      const { mtimeMs } = await stat(spoolFile(this.#folder, 'lease', id));
      return Date.now() - mtimeMs < LEASE_EXPIRY_MILLISECONDS;
    } catch {
      return false;
    }
  }

  async #remove(id: string | undefined, name?: string): Promise<void> {
    const paths = id === undefined ? [] : spoolFilesOf(this.#folder, id);
    if (name !== undefined) paths.push(`${this.#folder}/${name}`);
    for (const path of paths) await rm(path, { force: true, recursive: true });
  }
}

/** Appends events one after another, without holding up the one who reports them. */
class EventFile {
  readonly #path: string;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  append(event: WorkbenchEvent): void {
    const line = `${JSON.stringify(event)}\n`;
    // Progress that cannot be written is lost; the reply tells what counts.
    this.#last = this.#last
      .then(() => appendFile(this.#path, line, { mode: 0o600 }))
      .catch(() => undefined);
  }

  flushed(): Promise<void> {
    return this.#last;
  }
}

function ownerClosed(): UserError {
  return new UserError(
    'home/owner-closed',
    'The process that had the home folder open was closed before it was done.',
    'Run the command again.',
  );
}

export function ownerDied(): UserError {
  return new UserError(
    'home/owner-died',
    'The process that had the home folder open died while it worked on this request.',
    'See what is there with the list commands, then run the command again.',
  );
}

/** Asked for by a program of another version only. */
function notThroughFiles(name: string): UserError {
  return new UserError(
    'call/private',
    `The call ${name} carries text and is not answered through files.`,
    'Use the same version of Palimpsest as the one that has the home folder open.',
  );
}
