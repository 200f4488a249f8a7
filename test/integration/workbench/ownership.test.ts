/** Two real processes and one home folder: the owner works, the other asks; owners die and are replaced. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryOwnerLock } from '../../../core/store/ownerLock.ts';
import { connectOrOpenWorkbench } from '../../../core/workbench/connect.ts';
import type { WorkbenchClient, WorkbenchEvent } from '../../../core/workbench/contract.ts';
import { startNodeProcess } from '../../../core/workbench/hostProcess.ts';
import { connectWorkbench } from '../../../core/workbench/remoteClient.ts';
import { filledTemplate } from '../../fixtures/filledHome.ts';
import { startOwner, stopOwner } from '../../fixtures/ownerProcess.ts';
import {
  addModel,
  newScratch,
  open,
  tinyProject,
  waitForState,
  waitForStep,
  writeText,
} from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

const copyFilled = filledTemplate();
let scratch: Scratch;
let owner: ChildProcessWithoutNullStreams;
const clients: WorkbenchClient[] = [];

async function begin(): Promise<void> {
  owner = await startOwner(scratch.home);
}

async function end(how: 'SIGKILL' | 'close'): Promise<void> {
  await stopOwner(owner, how);
}

async function connect(): Promise<WorkbenchClient> {
  const client = await connectWorkbench(scratch.home);
  clients.push(client);
  return client;
}

async function connectOrOpen(): Promise<WorkbenchClient> {
  const client = await connectOrOpenWorkbench({
    home: scratch.home,
    startProcess: startNodeProcess,
  });
  clients.push(client);
  return client;
}

beforeEach(async () => {
  scratch = await newScratch();
  await copyFilled(scratch);
  await begin();
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await end('SIGKILL');
  await scratch.remove();
});

describe('beside an owner', () => {
  it('a second owner is refused, a client reads and has its commands done by the owner', async () => {
    await expect(open(scratch)).rejects.toMatchObject({ code: 'home/owned' });
    const client = await connect();
    expect((await client.call('corpora/list', {})).map(({ name }) => name)).toEqual([
      'notes',
      'wiki',
    ]);
    const stages = new Set<string>();
    const paths = [await writeText(scratch, 'target', 2000)];
    const corpus = await client.call(
      'corpora/import',
      { paths, name: 'more', documentBoundary: 'line' },
      { onProgress: (event) => event.type === 'progress' && stages.add(event.stage) },
    );
    expect(corpus.documentsRead).toBe(2000);
    expect(stages.size).toBeGreaterThan(0);
    expect((await client.call('corpora/list', {})).map(({ name }) => name)).toContain('more');
    const report = await client.call('corpora/report', { corpus: 'more', model: 'tiny' });
    expect(report.documents).toBe(corpus.documents);
    expect(await readdir(join(scratch.home, 'spool'))).toEqual([]);
  });

  it("a client gets the owner's errors as they are", async () => {
    const client = await connect();
    await expect(client.call('models/import', { path: scratch.inputs })).rejects.toMatchObject({
      name: 'UserError',
      code: 'model/not-a-model',
    });
    await expect(client.call('runs/show', { run: 'nothing' })).rejects.toMatchObject({
      code: 'run/not-found',
    });
    await expect(client.call('corpora/import', { paths: [], name: 'none' })).rejects.toMatchObject({
      code: 'request/invalid',
    });
    expect(await readdir(join(scratch.home, 'spool'))).toEqual([]);
  });

  it('a client follows a run and steers it', async () => {
    const client = await connect();
    const events: WorkbenchEvent[] = [];
    const unsubscribe = client.subscribe((event) => events.push(event));
    const project = tinyProject({ max_steps: 2000, eval_steps: 2000, save_steps: 2000 });
    const { runs } = await client.call('projects/run', { project });
    const run = runs[0]?.id ?? '';
    await waitForStep(client, run, 10);
    expect((await client.call('runs/pause', { run })).state).toBe('paused');
    await expect.poll(() => events.some(({ type }) => type === 'run/event')).toBe(true);
    await expect
      .poll(() =>
        events.some((event) => event.type === 'run/state' && event.run.state === 'paused'),
      )
      .toBe(true);
    unsubscribe();
  });

  it('a client stops its call', async () => {
    const client = await connect();
    const abort = new AbortController();
    const paths = [await writeText(scratch, 'target', 60_000)];
    const call = client.call(
      'corpora/import',
      { paths, name: 'stopped', documentBoundary: 'line' },
      {
        signal: abort.signal,
        onProgress: () => {
          abort.abort();
        },
      },
    );
    await expect(call).rejects.toMatchObject({ code: 'call/aborted' });
    expect((await client.call('corpora/list', {})).map(({ name }) => name)).not.toContain(
      'stopped',
    );
    expect(await readdir(join(scratch.home, 'corpora'))).toHaveLength(2);
  });
});

describe('when the owner', () => {
  it('is killed during a call, the client says so', async () => {
    const client = await connect();
    const paths = [await writeText(scratch, 'target', 60_000)];
    const call = client.call(
      'corpora/import',
      { paths, name: 'lost', documentBoundary: 'line' },
      { onProgress: () => owner.kill('SIGKILL') },
    );
    await expect(call).rejects.toMatchObject({ code: 'home/owner-died' });
    const next = await connectOrOpen();
    expect((await next.call('corpora/list', {})).map(({ name }) => name)).not.toContain('lost');
    await expect.poll(() => readdir(join(scratch.home, 'spool'))).toEqual([]);
    // The job of the dead owner may take a moment to notice and tidy up.
    await expect
      .poll(() => readdir(join(scratch.home, 'corpora')), { timeout: 20_000 })
      .toHaveLength(2);
  });

  it('is killed, the next one takes over and its run is interrupted and resumable', async () => {
    const client = await connectOrOpen();
    const project = tinyProject({ max_steps: 400, eval_steps: 1000, save_steps: 20 });
    const { runs } = await client.call('projects/run', { project });
    const run = runs[0]?.id ?? '';
    await waitForStep(client, run, 40);
    await end('SIGKILL');
    // The same client, without being told: it becomes the owner at its next call.
    const interrupted = await client.call('runs/show', { run });
    expect(interrupted.state).toBe('interrupted');
    await expect(open(scratch)).rejects.toMatchObject({ code: 'home/owned' });
    await client.call('runs/resume', { run });
    await waitForState(client, run, 'completed');
    const shown = await client.call('runs/show', { run });
    expect(shown).toMatchObject({ attempts: 2, step: 400, error: null });
    const [loss] = await client.call('runs/metrics', { run, names: ['train/target_loss'] });
    expect(loss?.points).toHaveLength(80);
  });

  it('closes, a client in the middle of a call repeats it as the next owner', async () => {
    const client = await connectOrOpen();
    const paths = [await writeText(scratch, 'target', 20_000)];
    let told = false;
    const corpus = await client.call(
      'corpora/import',
      { paths, name: 'repeated', documentBoundary: 'line' },
      {
        onProgress: () => {
          if (!told) owner.stdin.write('close\n');
          told = true;
        },
      },
    );
    expect(corpus.name).toBe('repeated');
    expect(told).toBe(true);
    await expect(open(scratch)).rejects.toMatchObject({ code: 'home/owned' });
  });

  it('closes, the run that a client follows goes on with the client', async () => {
    const client = await connectOrOpen();
    const project = tinyProject({ max_steps: 300, eval_steps: 1000, save_steps: 1000 });
    const { runs } = await client.call('projects/run', { project });
    const run = runs[0]?.id ?? '';
    await waitForStep(client, run, 10);
    await end('close');
    await waitForState(client, run, 'completed');
    expect((await client.call('runs/show', { run })).attempts).toBe(2);
  });
});

describe('the spool', () => {
  const living = 'call-aaaaaaaaaa';
  const file = (name: string): string => join(scratch.home, 'spool', name);
  /** Whole at once, as a client does it: a half-written request would be another. */
  const ask = async (id: string, text: string): Promise<void> => {
    const written = join(scratch.inputs, `${id}.json`);
    await writeFile(written, text);
    await rename(written, file(`request-${id}.json`));
  };
  const reply = async (id: string): Promise<{ error?: { code: string } }> => {
    for (;;) {
      const text = await readFile(file(`reply-${id}.json`), 'utf8').catch(() => undefined);
      if (text !== undefined) return JSON.parse(text) as { error?: { code: string } };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const request = (id: string, name: string, body: unknown): string =>
    JSON.stringify({ formatVersion: 1, type: 'call', id, name, request: body });

  it.each([
    ['no JSON', 'spool/invalid', '{"formatVersion":1'],
    ['another id', 'spool/invalid', request('call-bbbbbbbbbb', 'models/list', {})],
    ['an unknown key', 'spool/invalid', '{"formatVersion":1,"type":"call","id":"x","extra":1}'],
    ['a call that is none', 'request/unknown-call', request(living, 'system/shell', {})],
    ['a name from the prototype', 'request/unknown-call', request(living, 'constructor', {})],
    ['text', 'call/private', request(living, 'models/fill-mask', { text: '[MASK]' })],
    ['a wrong request', 'request/invalid', request(living, 'models/import', { path: 7 })],
  ])('answers a request with %s by %s', async (_, code, text) => {
    await writeFile(file(`lease-${living}`), '');
    await ask(living, text);
    expect((await reply(living)).error?.code).toBe(code);
  });

  it('does not follow a link, read a folder or wait for a pipe', async () => {
    const outside = join(scratch.inputs, 'outside.json');
    await writeFile(outside, request(living, 'models/list', {}));
    await writeFile(file(`lease-${living}`), '');
    await symlink(outside, file(`request-${living}.json`));
    expect((await reply(living)).error?.code).toBe('spool/invalid');
    const folder = 'call-cccccccccc';
    await writeFile(file(`lease-${folder}`), '');
    await mkdir(file(`request-${folder}.json`));
    expect((await reply(folder)).error).toBeDefined();
    const pipe = 'call-dddddddddd';
    await writeFile(file(`lease-${pipe}`), '');
    await once(spawn('mkfifo', [file(`request-${pipe}.json`)]), 'exit');
    expect((await reply(pipe)).error).toBeDefined();
    expect(await readFile(outside, 'utf8')).toContain('models/list');
  });

  it('drops the request of a client that is dead, and never does it', async () => {
    const dead = 'call-eeeeeeeeee';
    const configPath = join(scratch.inputs, 'config.json');
    await writeFile(file(`lease-${dead}`), '');
    await utimes(file(`lease-${dead}`), 0, 0);
    const body = { paths: [configPath], name: 'dead', documentBoundary: 'line' };
    await ask(dead, request(dead, 'corpora/import', body));
    await expect.poll(() => readdir(join(scratch.home, 'spool'))).toEqual([]);
    const client = await connect();
    expect((await client.call('corpora/list', {})).map(({ name }) => name)).not.toContain('dead');
  });

  it('tells a client whose lease the owner has removed', async () => {
    await end('close');
    // An owner that answers nothing.
    const lock = tryOwnerLock(join(scratch.home, 'owner.lock'));
    try {
      const client = await connect();
      const asked = client.call('runs/pause', { run: 'run-aaaaaaaaaa' });
      const told = expect(asked).rejects.toMatchObject({ code: 'home/call-dropped' });
      const files = (): Promise<string[]> => readdir(join(scratch.home, 'spool'));
      await expect.poll(async () => (await files()).join()).toContain('request-');
      const lease = (await files()).find((name) => name.startsWith('lease-'));
      await rm(file(lease ?? ''));
      await told;
      expect(await files()).toEqual([]);
    } finally {
      lock?.release();
    }
  });

  it('is not served by an owner for what the last owner had begun', async () => {
    await end('SIGKILL');
    await writeFile(file(`lease-${living}`), '');
    await writeFile(file(`taken-${living}.json`), request(living, 'models/list', {}));
    await begin();
    expect((await reply(living)).error?.code).toBe('home/owner-died');
  });
});

it('two processes that start at the same moment share the folder', async () => {
  await end('close');
  const [first, second] = await Promise.all([connectOrOpen(), connectOrOpen()]);
  await addModel(first, scratch);
  expect(await second.call('models/list', {})).toHaveLength(1);
});
