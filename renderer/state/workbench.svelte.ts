/** The Workbench as the screens see it: calls, and lists that follow what happens. */
import { SvelteMap } from 'svelte/reactivity';
import type {
  CallName,
  Corpus,
  Diagnostics,
  Model,
  ProjectSummary,
  Reply,
  Request,
  RunState,
  RunSummary,
  WorkbenchEvent,
} from '../../core/workbench/contract.ts';
import type { Host } from '../client/connectToHost.ts';
import type { HostFiles } from '../client/hostFiles.ts';
import type { CallOptions, Connection } from '../client/remoteWorkbench.ts';
import { isOpen, stateLook } from '../lib/runStates.ts';
import { strategyLook } from '../lib/strategies.ts';
import { activities } from './activities.svelte.ts';
import { announcer } from './announcer.svelte.ts';
import { Collection } from './collection.svelte.ts';
import { LiveRun } from './liveRun.svelte.ts';
import { Reopenings } from './reopenings.ts';

/** States whose change is told by voice; that a queued run starts is not news. */
const ANNOUNCED: ReadonlySet<RunState> = new Set([
  'completed',
  'failed',
  'interrupted',
  'paused',
  'cancelled',
]);

/** Their progress is shown where they were asked for. */
const UNLISTED: ReadonlySet<CallName> = new Set(['corpora/preview']);

/** Changes of other windows come in groups. */
const REREAD_MILLISECONDS = 400;

export class Workbench {
  readonly models = new Collection<Model>(() => this.call('models/list', {}));
  /** Models that can be restored until the program ends. */
  readonly removedModels = new Collection<Reply<'models/removed'>[number]>(() =>
    this.call('models/removed', {}),
  );
  readonly corpora = new Collection<Corpus>(() => this.call('corpora/list', {}));
  readonly projects = new Collection<ProjectSummary>(() => this.call('projects/list', {}));
  readonly runs = new Collection<RunSummary>(() =>
    // Archived runs too: a table that hides them needs no second reading to show them.
    this.call('runs/list', { archived: true }),
  );
  #connection = $state.raw<Connection>({ state: 'connecting' });
  #diagnostics = $state.raw<Diagnostics | undefined>(undefined);
  readonly #live = new SvelteMap<string, LiveRun>();
  readonly #listeners = new Set<(event: WorkbenchEvent) => void>();
  readonly #reopenings = new Reopenings();
  #host: Host | undefined;
  /** Runs that this window is changing. */
  readonly #changing = new Set<string>();
  #rereading: ReturnType<typeof setTimeout> | undefined;

  readonly #open = $derived(
    this.runs.items.filter(({ state, archivedAt }) => archivedAt === null && isOpen(state)),
  );

  /** Once, before the screens are shown. */
  connect(host: Host): void {
    this.#host = host;
    host.workbench.subscribe((event) => {
      this.#hear(event);
    });
    let wasOpen = false;
    host.workbench.onConnection((connection) => {
      this.#connection = connection;
      this.#reopenings.hear(connection.state === 'open');
      if (connection.state !== 'open') return;
      void this.#refresh(wasOpen);
      wasOpen = true;
    });
    activities.onForeignEnd = () => void this.#refresh(true);
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** Calls back when the connection has opened again after a break, until the returned function is called. */
  onReopened(callback: () => void): () => void {
    return this.#reopenings.listen(callback);
  }

  get files(): HostFiles {
    return this.#required.files;
  }

  get diagnostics(): Diagnostics | undefined {
    return this.#diagnostics;
  }

  /** Runs that wait, work or rest, but for those that were archived meanwhile. */
  get openRuns(): readonly RunSummary[] {
    return this.#open;
  }

  /** The run at work, else one that is paused. */
  get activeRun(): RunSummary | undefined {
    return (
      this.#open.find(({ state }) => state === 'running') ??
      this.#open.find(({ state }) => state === 'paused')
    );
  }

  live(run: string): LiveRun | undefined {
    return this.#live.get(run);
  }

  /**
   * A call of the contract; rejects with a WorkbenchError. What reports progress is listed among the
   * activities while it lasts.
   */
  async call<Name extends CallName>(
    name: Name,
    request: Request<Name>,
    options: CallOptions = {},
  ): Promise<Reply<Name>> {
    let activity: string | undefined;
    const onProgress = (event: WorkbenchEvent): void => {
      if (event.type === 'progress' && !UNLISTED.has(name)) {
        // A call that was asked again after a break has another name.
        if (activity !== undefined && activity !== event.call) activities.end(activity);
        activity = event.call;
        activities.ofOwn(event);
      }
      options.onProgress?.(event);
    };
    try {
      return await this.#required.workbench.call(name, request, { ...options, onProgress });
    } finally {
      if (activity !== undefined) activities.end(activity);
    }
  }

  /** The list has the changed runs when it resolves; so it is with archive and note. */
  async tag(request: Request<'runs/tag'>): Promise<void> {
    await this.#changeRuns(request.runs, async () => {
      this.runs.putAll(await this.call('runs/tag', request));
    });
  }

  async archive(runs: readonly string[], archived: boolean): Promise<void> {
    await this.#changeRuns(runs, async () => {
      this.runs.putAll(await this.call('runs/archive', { runs: [...runs], archived }));
    });
  }

  /** An empty text removes the note. */
  async note(run: string, text: string): Promise<void> {
    await this.#changeRuns([run], async () => {
      this.runs.put(await this.call('runs/note', { run, text }));
    });
  }

  /** Every event, for screens that follow one run closely. Returns the end of the subscription. */
  subscribe(listener: (event: WorkbenchEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Stops a long call of any window. */
  stop(call: string): void {
    this.#required.workbench.stop(call);
  }

  /** Takes the removal of a model back. */
  async restoreModel(id: string): Promise<void> {
    const model = await this.call('models/restore', { model: id });
    this.models.put(model);
    this.removedModels.remove(id);
  }

  retryConnection(): void {
    this.#required.workbench.retry();
  }

  async readDiagnostics(): Promise<void> {
    this.#diagnostics = await this.call('system/diagnostics', {});
  }

  async #changeRuns(ids: readonly string[], change: () => Promise<void>): Promise<void> {
    for (const id of ids) this.#changing.add(id);
    try {
      await change();
    } finally {
      // The event of the change may come after its reply.
      setTimeout(() => {
        for (const id of ids) this.#changing.delete(id);
      }, REREAD_MILLISECONDS);
    }
  }

  get #required(): Host {
    if (this.#host === undefined) throw new Error('the window is not connected to a host');
    return this.#host;
  }

  /** Lists that a screen has asked for are read anew after a break; runs are always wanted. */
  async #refresh(hadBreak: boolean): Promise<void> {
    await this.runs.refresh();
    if (!hadBreak) return;
    for (const list of [this.models, this.removedModels, this.corpora, this.projects]) {
      if (list.isLoaded || list.error !== undefined) await list.refresh();
    }
  }

  #hear(event: WorkbenchEvent): void {
    switch (event.type) {
      case 'run/state':
        this.#hearState(event.run);
        break;
      case 'run/event':
        this.#liveOf(event.event.run).hear(event.event);
        break;
      case 'runs/changed':
        this.#hearChanged(event.runs);
        break;
      case 'project/changed':
        if (this.projects.isLoaded) void this.projects.refresh();
        break;
      case 'progress':
        activities.ofForeign(event);
        break;
    }
    for (const listener of this.#listeners) listener(event);
  }

  /** The reply to a change of this window holds the runs; those of others and new ones are read. */
  #hearChanged(ids: readonly string[]): void {
    if (ids.every((id) => this.#changing.has(id))) return;
    clearTimeout(this.#rereading);
    this.#rereading = setTimeout(() => {
      void this.runs.refresh();
      if (this.projects.isLoaded) void this.projects.refresh();
    }, REREAD_MILLISECONDS);
  }

  #hearState(run: RunSummary): void {
    const before = this.runs.byId(run.id);
    this.runs.put(run);
    if (this.projects.isLoaded && before === undefined) void this.projects.refresh();
    if (before?.state === run.state || !ANNOUNCED.has(run.state)) return;
    const { label } = strategyLook(run.strategy);
    const name = `${run.projectName}, ${label}, seed ${run.seed}`;
    if (run.state === 'failed') announcer.warn(`${name} failed: ${run.error?.message ?? ''}`);
    else announcer.say(`${name} is ${stateLook(run.state).word}.`);
    if (run.state !== 'paused') this.#live.delete(run.id);
  }

  #liveOf(run: string): LiveRun {
    const known = this.#live.get(run);
    if (known !== undefined) return known;
    const live = new LiveRun();
    this.#live.set(run, live);
    return live;
  }
}

export const workbench = new Workbench();
