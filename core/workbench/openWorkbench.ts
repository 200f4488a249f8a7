/** The Workbench of a home folder that this process owns: the only writer of its history. */
import { UserError } from '../base/errors.ts';
import { newIdentifier } from '../base/identifiers.ts';
import { tryOwnerLock } from '../store/ownerLock.ts';
import type { OwnerLock } from '../store/ownerLock.ts';
import { openStore } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import { asStoreError } from '../store/storeErrors.ts';
import { checkRequest, isPrivateCall } from './calls.ts';
import type { CallContext, Handlers } from './calls.ts';
import type { CallName, Reply, Request, WorkbenchClient, WorkbenchEvent } from './contract.ts';
import { cleanHome, prepareHome, resolveInHome } from './home.ts';
import type { Home } from './home.ts';
import type { StartProcess } from './hostProcess.ts';
import { jobRunner } from './jobs.ts';
import { RunQueue, recoverStaleRuns } from './queue.ts';
import { readHandlers } from './reads.ts';
import { annotationHandlers } from './services/annotations.ts';
import { corpusHandlers, removeUnregisteredCorpora } from './services/corpora.ts';
import { corpusPreviewHandlers } from './services/corpusPreview.ts';
import { CorpusUse } from './services/corpusUse.ts';
import { demoHandlers } from './services/demo.ts';
import { diagnosticsHandlers } from './services/diagnostics.ts';
import { fillMaskHandlers } from './services/fillMask.ts';
import { estimateHandlers } from './services/estimates.ts';
import { interpolationHandlers } from './services/interpolate.ts';
import { modelRemovalHandlers } from './services/modelRemoval.ts';
import { modelHandlers } from './services/models.ts';
import { projectService } from './services/projects.ts';
import type { ProjectService } from './services/projects.ts';
import { requireMaterial } from './services/runMaterial.ts';
import { runHandlers } from './services/runs.ts';
import type { Services } from './services/services.ts';
import { requireSpace, runBytes } from './space.ts';
import { serveSpool } from './spoolServer.ts';
import type { SpoolServer } from './spoolServer.ts';
import type { Patience } from './trainingProcess.ts';
import { WarmJob } from './warmJob.ts';

export interface WorkbenchOptions {
  /** Path of the home folder. */
  readonly home: string;
  readonly startProcess: StartProcess;
  /**
   * Go on at once with runs that wait in the queue or were stopped by closing. A window wants this;
   * a command of the command line works only on what it was told to.
   */
  readonly continueRuns?: boolean;
  /** For tests that cannot wait as long as people can. */
  readonly patience?: Patience;
}

/**
 * Takes the home folder into possession and opens its history.
 * @throws UserError `home/owned` when another process has it, and all that prepareHome and openStore throw
 */
export async function openWorkbench(options: WorkbenchOptions): Promise<WorkbenchClient> {
  const workbench = await tryOpenWorkbench(options);
  if (workbench !== undefined) return workbench;
  throw new UserError(
    'home/owned',
    `Another process of Palimpsest has the home folder open: ${options.home}.`,
    'Close it, or choose another home folder with --home.',
  );
}

/** As openWorkbench, but undefined when another process owns the folder. */
export async function tryOpenWorkbench(
  options: WorkbenchOptions,
): Promise<WorkbenchClient | undefined> {
  const home = await prepareHome(options.home);
  const lock = tryOwnerLock(home.ownerLock);
  if (lock === undefined) return undefined;
  let store: Store | undefined;
  try {
    await cleanHome(home);
    store = openStore(home.database, { backupFolder: home.backups });
    await removeUnregisteredCorpora(home, store);
    recoverStaleRuns(home, store);
    return await OwnedWorkbench.start(home, lock, store, options);
  } catch (error) {
    store?.close();
    lock.release();
    throw asStoreError(error, home.database);
  }
}

class OwnedWorkbench implements WorkbenchClient {
  readonly #home: Home;
  readonly #lock: OwnerLock;
  readonly #store: Store;
  readonly #queue: RunQueue;
  readonly #projects: ProjectService;
  readonly #fillMask: WarmJob<'models/fill-mask'>;
  readonly #handlers: Handlers;
  readonly #listeners = new Set<(event: WorkbenchEvent) => void>();
  readonly #inFlight = new Map<Promise<unknown>, AbortController>();
  #spool: SpoolServer | undefined;
  #closing: Promise<void> | undefined;

  static async start(
    home: Home,
    lock: OwnerLock,
    store: Store,
    options: WorkbenchOptions,
  ): Promise<OwnedWorkbench> {
    const workbench = new OwnedWorkbench(home, lock, store, options);
    workbench.#spool = await serveSpool(home, workbench);
    if (options.continueRuns ?? false) workbench.#continueRuns();
    return workbench;
  }

  private constructor(home: Home, lock: OwnerLock, store: Store, options: WorkbenchOptions) {
    this.#home = home;
    this.#lock = lock;
    this.#store = store;
    const runJob = jobRunner(options.startProcess);
    const publish = (event: WorkbenchEvent): void => {
      this.#publish(event);
    };
    this.#queue = new RunQueue({
      home,
      store,
      startProcess: options.startProcess,
      publish,
      prepare: async (run, specification) => {
        // A run needs the memory more than a playground that may be asked again.
        this.#fillMask.release();
        requireMaterial(services, run);
        const model = store.models.find(run.modelHash);
        if (model?.linked === true) {
          const linked = { folder: resolveInHome(home, model.folder), hash: model.hash };
          await runJob('models/verify', linked, unobserved());
        }
        const { save_total_limit } = specification.settings;
        const bytes = runBytes(model?.parameters ?? 0, save_total_limit);
        await requireSpace(home.runs, bytes, `Run ${run.id}`);
      },
      // With its last candidate a project knows what to run next.
      settled: ({ purpose, projectId }) => {
        if (purpose === 'sweep') this.#advance(projectId);
      },
      ...(options.patience === undefined ? {} : { patience: options.patience }),
    });
    const services: Services = {
      home,
      store,
      queue: this.#queue,
      runJob,
      corpusUse: new CorpusUse(),
      publish,
      clearSpool: async () => this.#spool?.clear(),
    };
    this.#fillMask = new WarmJob({
      name: 'models/fill-mask',
      startProcess: options.startProcess,
      mayStay: () => !this.#queue.isBusy && this.#closing === undefined,
    });
    this.#projects = projectService(services);
    const reads = readHandlers(home, store);
    const models = modelHandlers(services);
    const corpora = corpusHandlers(services);
    this.#handlers = {
      ...reads,
      'projects/show': async (request, context) => {
        const shown = await reads['projects/show'](request, context);
        const runs = shown.runs.map((run) => this.#queue.asItStands(run));
        return this.#projects.asItStands({ ...shown, runs });
      },
      'projects/list': async (request, context) =>
        (await reads['projects/list'](request, context)).map((project) =>
          this.#projects.asItStands(project),
        ),
      'runs/list': async (request, context) =>
        (await reads['runs/list'](request, context)).map((run) => this.#queue.asItStands(run)),
      'runs/show': async (request, context) =>
        this.#queue.asItStands(await reads['runs/show'](request, context)),
      ...models,
      ...modelRemovalHandlers(services),
      ...corpora,
      ...corpusPreviewHandlers(runJob),
      ...this.#projects.handlers,
      ...demoHandlers(services, { ...models, ...corpora, ...this.#projects.handlers }),
      ...estimateHandlers(services),
      ...runHandlers(services),
      ...interpolationHandlers(services),
      ...fillMaskHandlers(services, (request, context) => this.#fillMask.call(request, context)),
      ...annotationHandlers(services),
      ...diagnosticsHandlers(services),
    };
  }

  async call<Name extends CallName>(
    name: Name,
    request: Request<Name>,
    options: { signal?: AbortSignal; onProgress?: (event: WorkbenchEvent) => void } = {},
  ): Promise<Reply<Name>> {
    if (this.#closing !== undefined) throw new Error('the Workbench is closed');
    const checked = checkRequest(name, request);
    const action = (context: CallContext) => this.#handlers[name](checked, context);
    return this.#track(action, options, isPrivateCall(name));
  }

  /**
   * Gives `work` a context, and lets close() stop it and wait for it. Of private work only the caller
   * hears.
   */
  async #track<Result>(
    action: (context: CallContext) => Result | Promise<Result>,
    options: { signal?: AbortSignal; onProgress?: (event: WorkbenchEvent) => void } = {},
    isPrivate = false,
  ): Promise<Result> {
    const call = newIdentifier('call');
    const stop = new AbortController();
    const signal =
      options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
    const context: CallContext = {
      signal,
      report: (progress) => {
        const event: WorkbenchEvent = { type: 'progress', call, ...progress };
        options.onProgress?.(event);
        if (!isPrivate) this.#publish(event);
      },
    };
    const work = (async () => action(context))();
    this.#inFlight.set(work, stop);
    try {
      return await work;
    } catch (error) {
      throw asStoreError(error, this.#home.database);
    } finally {
      this.#inFlight.delete(work);
    }
  }

  subscribe(listener: (event: WorkbenchEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Stops calls at work, saves the run at work, and gives the home folder back. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    const calls = [...this.#inFlight];
    // The spool first, so that clients whose calls are stopped are told to try the next owner.
    const spoolClosed = this.#spool?.close();
    for (const [, stop] of calls) stop.abort();
    await Promise.all([this.#queue.close(), Promise.allSettled(calls.map(([work]) => work))]);
    this.#fillMask.close();
    await spoolClosed;
    this.#store.close();
    this.#lock.release();
  }

  /** A failure is not lost: it stands with the project. */
  #advance(projectId: string): void {
    if (this.#closing !== undefined) return;
    void this.#track((context) => this.#projects.advance(projectId, context)).catch(
      () => undefined,
    );
  }

  #continueRuns(): void {
    for (const run of this.#store.runs.list({ state: 'interrupted' })) {
      if (run.continueOnStart) this.#queue.resume(run);
    }
    this.#queue.admit(this.#store.runs.queued().map(({ id }) => id));
    for (const project of this.#projects.waiting()) this.#advance(project);
  }

  #publish(event: WorkbenchEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function unobserved(): CallContext {
  return { signal: new AbortController().signal, report: () => undefined };
}
