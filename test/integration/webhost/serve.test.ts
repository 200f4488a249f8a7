/** The command that serves the screens, in a process of its own, with real signals. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type {
  ProjectSummary,
  RunSummary,
  WorkbenchClient,
} from '../../../core/workbench/contract.ts';
import { TestWindow, ask, builtScreens, openSocket, signIn } from '../../fixtures/webWindow.ts';
import { fill, newScratch, open, tinyProject } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

const PROGRAM = fileURLToPath(new URL('../../fixtures/serveScreens.ts', import.meta.url));

let template: Scratch;
let scratch: Scratch;
let rendererFolder: string;
const started: Served[] = [];

/** A process that serves, as a person sees it: what it prints, its link, its end. */
class Served {
  readonly #process;
  stdout = '';
  stderr = '';
  readonly ended: Promise<{ code: number | null; signal: string | null }>;

  constructor(args: readonly string[], folder = rendererFolder) {
    this.#process = spawn(process.execPath, [PROGRAM, folder, '--home', scratch.home, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: scratch.inputs,
    });
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = once(this.#process, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
    }));
    started.push(this);
  }

  async url(): Promise<string> {
    for (;;) {
      const url = /http:\/\/\S+?(?=["\s])/.exec(this.stdout)?.[0];
      if (url !== undefined && this.stdout.endsWith('\n')) return url;
      if (this.#process.exitCode !== null) throw new Error(this.stderr);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async window(): Promise<TestWindow> {
    const url = await this.url();
    return TestWindow.open(Number(new URL(url).port), await signIn(url));
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.signal('SIGKILL');
    await this.ended;
  }
}

beforeAll(async () => {
  template = await newScratch();
  const filled = await open(template);
  await fill(filled, template);
  await filled.close();
});

afterAll(() => template.remove());

beforeEach(async () => {
  scratch = await newScratch();
  await cp(template.home, scratch.home, { recursive: true });
  rendererFolder = await builtScreens(join(scratch.inputs, 'renderer'));
});

afterEach(async () => {
  for (const served of started.splice(0)) await served.stop();
  await scratch.remove();
});

async function leftovers(): Promise<string[]> {
  return (await readdir(scratch.home)).filter((name) => name.startsWith('.tmp-'));
}

describe('palimpsest serve', () => {
  it('prints one link that opens the screens and their Workbench', async () => {
    const served = new Served(['--port', '0']);
    const url = await served.url();
    expect(served.stdout).toBe(`${url}\n`);
    const window = await served.window();
    const models = (await window.call('models/list', {})) as { name: string }[];
    expect(models.map(({ name }) => name)).toEqual(['tiny']);
    const cookie = await signIn(url);
    const { body } = await ask(Number(new URL(url).port), '/', { headers: { cookie } });
    expect(body).toContain('<!doctype html>');
  });

  it('prints it as a document for programs', async () => {
    const served = new Served(['--port', '0', '--json']);
    const url = await served.url();
    const { port } = new URL(url);
    expect(JSON.parse(served.stdout)).toEqual({ url, port: Number(port) });
  });

  it('shows files under the folders that were allowed, or the usual ones', async () => {
    const data = join(scratch.inputs, 'data');
    await mkdir(join(data, 'more'), { recursive: true });
    const rootsOf = async (served: Served): Promise<string[]> => {
      const url = await served.url();
      const cookie = await signIn(url);
      const { body } = await ask(Number(new URL(url).port), '/files', { headers: { cookie } });
      served.signal('SIGINT');
      await served.ended;
      return (JSON.parse(body) as { roots: string[] }).roots;
    };
    expect(await rootsOf(new Served(['--port', '0', '--allow-root', data]))).toEqual([data]);
    const usual = await rootsOf(new Served(['--port', '0']));
    expect(usual).toContain(await realpath(scratch.inputs));
  });

  it('says what is wrong before it listens', async () => {
    const occupied = createServer().listen(0, '127.0.0.1');
    await once(occupied, 'listening');
    const { port } = occupied.address() as AddressInfo;
    const empty = join(scratch.inputs, 'empty');
    await mkdir(empty);
    const cases: [Served, RegExp][] = [
      [new Served(['--port', String(port)]), new RegExp(`Port ${port} is used`)],
      [new Served([], empty), /have not been built/],
      [new Served(['--allow-root', join(scratch.inputs, 'none')]), /no such file or folder/],
      [new Served(['--port', '70000']), /0 to 65535/],
    ];
    for (const [served, message] of cases) {
      // One after the other would be slower; two owners at a time are told so as well.
      const { code } = await served.ended;
      expect(served.stdout).toBe('');
      expect(code).toBeGreaterThan(0);
      expect(served.stderr).toMatch(new RegExp(`${message.source}|has the home folder open`));
    }
    occupied.close();
  });

  it('leaves the home folder to the process that has it open', async () => {
    const first = new Served(['--port', '0']);
    await first.url();
    const second = new Served(['--port', '0']);
    expect((await second.ended).code).toBe(1);
    expect(second.stderr).toMatch(/has the home folder open/);
    const window = await first.window();
    expect(await window.call('runs/list', {})).toEqual([]);
  });

  it('takes 200 MB without holding them', async () => {
    const idle = new Served(['--port', '0']);
    await (await idle.window()).close();
    idle.signal('SIGINT');
    await idle.ended;
    const served = new Served(['--port', '0']);
    const url = await served.url();
    const chunk = Buffer.alloc(1 << 20, 'text ');
    const body = Readable.from(
      (function* () {
        for (let i = 0; i < 200; i++) yield chunk;
      })(),
    );
    const { status, body: answer } = await ask(Number(new URL(url).port), '/uploads?name=a.txt', {
      method: 'POST',
      headers: { cookie: await signIn(url) },
      body,
    });
    expect(status).toBe(200);
    expect(JSON.parse(answer)).toMatchObject({ bytes: 200 * 2 ** 20 });
    expect(await leftovers()).toHaveLength(1);
    served.signal('SIGINT');
    expect(await served.ended).toEqual({ code: 0, signal: null });
    const memory = ({ stderr }: Served): number => Number(/Memory: (\d+) MiB/.exec(stderr)?.[1]);
    expect(memory(served)).toBeLessThan(memory(idle) + 100);
    expect(await leftovers()).toEqual([]);
  });
});

describe('Ctrl-C', () => {
  it('ends at once where nothing is at work, and gives the home folder back', async () => {
    const served = new Served(['--port', '0']);
    const window = await served.window();
    const { port } = new URL(await served.url());
    served.signal('SIGINT');
    expect(await served.ended).toEqual({ code: 0, signal: null });
    expect(await window.closed()).toBe(1001);
    await expect(openSocket(Number(port))).rejects.toThrow();
    const next = await open(scratch);
    await next.close();
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'and its like (%s) save the run at work, say so, and the next start goes on with it',
    async (signal) => {
      const served = new Served(['--port', '0']);
      const window = await served.window();
      const project = tinyProject({ max_steps: 3000, save_steps: 3000, eval_steps: 3000 });
      const { runs } = (await window.call('projects/run', { project })) as ProjectSummary;
      const id = runs[0]?.id ?? '';
      await window.until(() =>
        window.events.find(
          (event) =>
            event.type === 'run/event' && event.event.type === 'metrics' && event.event.step > 10,
        ),
      );
      // A browser that goes away changes nothing.
      await window.close();
      const back = await served.window();
      const step = async (from: { call: TestWindow['call'] }): Promise<number> =>
        ((await from.call('runs/show', { run: id })) as RunSummary).step;
      const before = await step(back);
      served.signal(signal);
      const { code } = await served.ended;
      expect(code).toBe(0);
      expect(served.stderr).toMatch(/is being saved in a checkpoint\. Ctrl-C again ends/);
      expect(served.stderr).toMatch(/is saved at step \d[\d,]* and goes on at the next start\./);
      const last = back.events.findLast((event) => event.type === 'run/state');
      expect(last).toMatchObject({ run: { id, state: 'interrupted' } });

      const again = new Served(['--port', '0']);
      const next = await again.window();
      await next.until(() =>
        next.events.find((event) => event.type === 'run/event' && event.event.type === 'metrics'),
      );
      expect(await step(next)).toBeGreaterThan(before);
      await next.call('runs/cancel', { run: id });
      again.signal('SIGINT');
      expect((await again.ended).code).toBe(0);
    },
  );

  it('a second time ends without waiting', async () => {
    const served = new Served(['--port', '0']);
    const window = await served.window();
    const project = tinyProject({ max_steps: 3000, save_steps: 3000, eval_steps: 3000 });
    const { runs } = (await window.call('projects/run', { project })) as ProjectSummary;
    await window.until(() =>
      window.events.find((event) => event.type === 'run/event' && event.event.type === 'metrics'),
    );
    served.signal('SIGINT');
    while (!served.stderr.includes('Ctrl-C again')) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    served.signal('SIGINT');
    // It may have been done by then.
    expect([0, 130]).toContain((await served.ended).code);
    const next: WorkbenchClient = await open(scratch);
    const run = await next.call('runs/show', { run: runs[0]?.id ?? '' });
    // Interrupted, or paused when the job was quick; it may be resumed either way.
    expect(['interrupted', 'paused']).toContain(run.state);
    await next.close();
  });
});
