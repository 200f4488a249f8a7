/** One Workbench for a caller who does not care whose process it is. */
import { UserError } from '../base/errors.ts';
import type { CallName, Reply, Request, WorkbenchClient, WorkbenchEvent } from './contract.ts';
import { prepareHome } from './home.ts';
import { tryOpenWorkbench } from './openWorkbench.ts';
import type { WorkbenchOptions } from './openWorkbench.ts';
import { connectWorkbench } from './remoteClient.ts';

/**
 * Becomes the owner of the home folder, or connects to the process that is. When that process is
 * closed, the client takes its place or finds the next owner, and repeats a call that was not begun
 * or was stopped whole; a call during which the owner died is not repeated but fails.
 */
export async function connectOrOpenWorkbench(options: WorkbenchOptions): Promise<WorkbenchClient> {
  return new SteadyWorkbench(options, await openOrConnect(options));
}

async function openOrConnect(options: WorkbenchOptions): Promise<WorkbenchClient> {
  for (;;) {
    const own = await tryOpenWorkbench(options);
    if (own !== undefined) return own;
    try {
      return await connectWorkbench((await prepareHome(options.home)).path, options.startProcess);
    } catch (error) {
      // Its owner closed between the two attempts: the folder is free again.
      if (!isOwnerGone(error)) throw error;
    }
  }
}

function isOwnerGone(error: unknown): boolean {
  return (
    error instanceof UserError &&
    (error.code === 'home/no-owner' || error.code === 'home/owner-closed')
  );
}

class SteadyWorkbench implements WorkbenchClient {
  readonly #options: WorkbenchOptions;
  readonly #listeners = new Map<(event: WorkbenchEvent) => void, () => void>();
  #client: WorkbenchClient;
  #replacing: Promise<void> | undefined;

  constructor(options: WorkbenchOptions, client: WorkbenchClient) {
    this.#options = options;
    this.#client = client;
  }

  async call<Name extends CallName>(
    name: Name,
    request: Request<Name>,
    options?: { signal?: AbortSignal; onProgress?: (event: WorkbenchEvent) => void },
  ): Promise<Reply<Name>> {
    for (;;) {
      const client = this.#client;
      try {
        return await client.call(name, request, options);
      } catch (error) {
        if (!isOwnerGone(error) || options?.signal?.aborted === true) throw error;
        await this.#replace(client);
      }
    }
  }

  subscribe(listener: (event: WorkbenchEvent) => void): () => void {
    this.#listeners.set(listener, this.#client.subscribe(listener));
    return () => {
      this.#listeners.get(listener)?.();
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    await this.#replacing;
    await this.#client.close();
  }

  async #replace(gone: WorkbenchClient): Promise<void> {
    if (this.#client !== gone) return;
    this.#replacing ??= this.#openNext(gone).finally(() => {
      this.#replacing = undefined;
    });
    await this.#replacing;
  }

  async #openNext(gone: WorkbenchClient): Promise<void> {
    await gone.close();
    // Runs that this caller follows and that the last owner stopped by closing go on here.
    this.#client = await openOrConnect({ ...this.#options, continueRuns: true });
    for (const listener of this.#listeners.keys()) {
      this.#listeners.set(listener, this.#client.subscribe(listener));
    }
  }
}
