/** What a person can do wrong and what a machine can: each leaves the history as it was. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../core/store/store.ts';
import type { WorkbenchClient } from '../../../core/workbench/contract.ts';
import { startNodeProcess } from '../../../core/workbench/hostProcess.ts';
import type { StartProcess } from '../../../core/workbench/hostProcess.ts';
import { prepareHome } from '../../../core/workbench/home.ts';
import { filledTemplate } from '../../fixtures/filledHome.ts';
import { wordPieceFolder } from '../../fixtures/tinyTokenizers.ts';
import {
  addModel,
  fill,
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
let workbench: WorkbenchClient | undefined;

beforeEach(async () => {
  scratch = await newScratch();
});

afterEach(async () => {
  await workbench?.close();
  workbench = undefined;
  await scratch.remove();
});

async function openFilled(startProcess?: StartProcess): Promise<WorkbenchClient> {
  await copyFilled(scratch);
  workbench = await open(scratch, startProcess === undefined ? {} : { startProcess });
  return workbench;
}

/** Whether the system lets this test do something to a scratch folder; undone at once. */
function permits(attempt: (folder: string) => void): boolean {
  const folder = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
  try {
    attempt(folder);
    return true;
  } catch {
    return false;
  } finally {
    execFileSync('rm', ['-rf', folder]);
  }
}

const quietly = { stdio: 'ignore' } as const;
const mountSmall = (folder: string, size: string): void => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], quietly);
};
const unmount = (folder: string): void => {
  execFileSync('umount', [folder], quietly);
};
const canMount = permits((folder) => {
  mountSmall(folder, '1m');
  unmount(folder);
});
const isRoot = process.getuid?.() === 0;
const canFreeze = permits((folder) => {
  execFileSync('chattr', ['+i', folder], quietly);
  execFileSync('chattr', ['-i', folder], quietly);
});

describe('a home folder', () => {
  it('is private, and has a place for everything', async () => {
    const home = await prepareHome(scratch.home);
    expect((await stat(home.path)).mode & 0o777).toBe(0o700);
    expect((await readdir(home.path)).sort()).toEqual([
      ...['backups', 'corpora', 'evaluations', 'fisher', 'models', 'runs', 'spool'],
    ]);
  });

  it('that is a file is refused', async () => {
    await writeFile(scratch.home, '');
    await expect(open(scratch)).rejects.toMatchObject({ code: 'home/not-a-folder' });
    const below = { ...scratch, home: join(scratch.home, 'below') };
    await expect(open(below)).rejects.toMatchObject({ code: 'home/not-a-folder' });
  });

  it('with a file where a folder belongs is refused, naming that place', async () => {
    await mkdir(scratch.home);
    await writeFile(join(scratch.home, 'models'), '');
    await expect(open(scratch)).rejects.toMatchObject({
      code: 'system/eexist',
      message: expect.stringContaining(join(scratch.home, 'models')) as string,
    });
  });

  it.skipIf(process.platform !== 'linux')('where nothing can be made is refused', async () => {
    const nowhere = { ...scratch, home: '/proc/palimpsest/home' };
    await expect(open(nowhere)).rejects.toMatchObject({ code: 'system/enoent' });
  });

  it.skipIf(isRoot)('that its owner may not write is refused', async () => {
    await mkdir(scratch.home, { mode: 0o500 });
    await expect(open(scratch)).rejects.toMatchObject({ code: 'home/read-only' });
  });

  it.skipIf(!canFreeze)('that nobody may write is refused (needs chattr)', async () => {
    await mkdir(scratch.home);
    execFileSync('chattr', ['+i', scratch.home]);
    try {
      await expect(open(scratch)).rejects.toMatchObject({ code: 'home/read-only' });
    } finally {
      execFileSync('chattr', ['-i', scratch.home]);
    }
  });

  it.skipIf(!canMount)('on a read-only file system is refused (needs mount)', async () => {
    await mkdir(scratch.home);
    mountSmall(scratch.home, '1m');
    execFileSync('mount', ['-o', 'remount,ro', scratch.home]);
    try {
      await expect(open(scratch)).rejects.toMatchObject({ code: 'home/read-only' });
    } finally {
      unmount(scratch.home);
    }
  });

  it('is cleaned of what died processes left, and of nothing else', async () => {
    workbench = await openFilled();
    await workbench.close();
    const left = [
      join(scratch.home, 'models', '.tmp-0123-x'),
      join(scratch.home, 'corpora', '.tmp-4567-y'),
      join(scratch.home, 'runs', '.tmp-89ab-z'),
      join(scratch.home, 'corpora', 'corpus-halfhalfha'),
    ];
    for (const folder of left) await mkdir(folder);
    await writeFile(join(scratch.home, 'corpora', 'corpus-halfhalfha.importing'), '');
    const kept = join(scratch.home, 'corpora', 'corpus-unknownxxx');
    await mkdir(kept);
    workbench = await open(scratch);
    expect(left.filter((folder) => existsSync(folder))).toEqual([]);
    expect(existsSync(kept)).toBe(true);
    expect(await workbench.call('corpora/list', {})).toHaveLength(2);
  });

  it('with a database from the future or a damaged one is refused, and is then free again', async () => {
    await (await openFilled()).close();
    const database = join(scratch.home, 'workbench.sqlite');
    const intact = await readFile(database);
    const newer = Buffer.from(intact);
    newer.writeUInt32BE(999, 60);
    await writeFile(database, newer);
    await expect(open(scratch)).rejects.toMatchObject({ code: 'store/newer' });
    await writeFile(database, 'not a database, only a text that is long enough to be looked at');
    await expect(open(scratch)).rejects.toMatchObject({ code: 'store/corrupt' });
    await writeFile(database, intact);
    workbench = await open(scratch);
    expect(await workbench.call('corpora/list', {})).toHaveLength(2);
  });
});

describe.skipIf(!canMount)('a full disk (needs mount)', () => {
  beforeEach(async () => {
    await mkdir(scratch.home);
    mountSmall(scratch.home, '3m');
  });

  afterEach(async () => {
    await workbench?.close();
    workbench = undefined;
    unmount(scratch.home);
  });

  it('stops the import of a corpus, which leaves nothing', async () => {
    workbench = await open(scratch);
    const paths = [await writeText(scratch, 'target', 60_000)];
    const request = { paths, name: 'large', documentBoundary: 'line' } as const;
    await expect(workbench.call('corpora/import', request)).rejects.toMatchObject({
      code: 'system/enospc',
    });
    expect(await workbench.call('corpora/list', {})).toEqual([]);
    expect(await readdir(join(scratch.home, 'corpora'))).toEqual([]);
  });

  it('stops the import of a model, which leaves nothing', async () => {
    workbench = await open(scratch);
    await writeFile(join(scratch.home, 'filler'), Buffer.alloc(2 << 20));
    const configPath = join(scratch.inputs, 'config.json');
    await writeFile(
      configPath,
      JSON.stringify({
        model_type: 'bert',
        hidden_size: 256,
        num_hidden_layers: 2,
        num_attention_heads: 2,
        intermediate_size: 512,
        max_position_embeddings: 64,
        vocab_size: 200,
        type_vocab_size: 2,
      }),
    );
    const request = { configPath, tokenizerPath: await wordPieceFolder(), name: 'm' };
    await expect(workbench.call('models/init', request)).rejects.toMatchObject({
      code: 'system/enospc',
    });
    expect(await workbench.call('models/list', {})).toEqual([]);
    expect(await readdir(join(scratch.home, 'models'))).toEqual([]);
  });

  it('is told before a project is registered', async () => {
    workbench = await open(scratch);
    await fill(workbench, scratch);
    await expect(workbench.call('projects/run', { project: tinyProject() })).rejects.toMatchObject({
      code: 'run/no-space',
    });
    expect(await workbench.call('runs/list', {})).toEqual([]);
  });

  it('leaves a run at rest, not for ever running, when nobody can write down its end', async () => {
    // With room for the reserve of a run, and then without any.
    execFileSync('mount', ['-o', 'remount,size=200m', scratch.home], quietly);
    workbench = await open(scratch);
    await fill(workbench, scratch);
    const project = tinyProject({ max_steps: 100_000 });
    const { runs } = await workbench.call('projects/run', { project });
    const run = runs[0]?.id ?? '';
    await waitForStep(workbench, run, 1);
    const filler = join(scratch.home, 'filler');
    await writeFile(filler, Buffer.alloc(200 << 20)).catch(() => undefined);
    while (['queued', 'running'].includes((await workbench.call('runs/show', { run })).state)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { error } = await workbench.call('runs/show', { run });
    expect(error).toMatchObject({ code: 'system/enospc' });

    await workbench.close();
    // The close may have made room for what was still to be written down; if not, the next start
    // has to write it and says why it cannot.
    const refusal = await open(scratch).then(
      (next) => next.close(),
      (error: unknown) => error,
    );
    if (refusal !== undefined) expect(refusal).toMatchObject({ code: 'system/enospc' });
    await rm(filler);
    workbench = await open(scratch);
    expect((await workbench.call('runs/show', { run })).state).toMatch(/interrupted|failed/);
  });

  it('stops the database from growing with an error a person can act upon', async () => {
    workbench = await open(scratch);
    await workbench.close();
    workbench = undefined;
    const store = openStore(join(scratch.home, 'workbench.sqlite'));
    const insertMany = (): void => {
      for (let index = 0; index < 2000; index++) {
        const file = JSON.stringify({ text: 'x'.repeat(4000) });
        store.transaction(() => {
          store.projects.insert({ id: `p${index}`, name: 'p', file, createdAt: '' });
        });
      }
    };
    expect(insertMany).toThrow(expect.objectContaining({ code: 'system/enospc' }) as Error);
    expect(store.projects.list().every(({ name }) => name === 'p')).toBe(true);
    expect(store.findDamage()).toBeNull();
    store.close();
  });
});

describe('an import that fails', () => {
  it.each([
    ['corpus/name-taken', { paths: ['/'], name: 'notes' }],
    ['corpus/name', { paths: ['/'], name: '  ' }],
    ['request/invalid', { paths: [], name: 'x' }],
  ])('with %s registers no corpus', async (code, request) => {
    const here = await openFilled();
    await expect(here.call('corpora/import', request)).rejects.toMatchObject({ code });
    expect(await readdir(join(scratch.home, 'corpora'))).toHaveLength(2);
  });

  it('because there is nothing to read registers no corpus', async () => {
    const here = await openFilled();
    const empty = join(scratch.inputs, 'empty.txt');
    await writeFile(empty, '');
    await expect(
      here.call('corpora/import', { paths: [empty], name: 'empty' }),
    ).rejects.toMatchObject({ code: 'corpus/empty' });
    expect(await here.call('corpora/list', {})).toHaveLength(2);
    expect(await readdir(join(scratch.home, 'corpora'))).toHaveLength(2);
  });

  it('because its process was killed registers no corpus', async () => {
    const here = await openFilled((entry, args) => {
      const job = startNodeProcess(entry, args);
      if (args[0] === 'corpora/import')
        setTimeout(() => {
          job.kill();
        }, 400);
      return job;
    });
    const paths = [await writeText(scratch, 'target', 60_000)];
    await expect(
      here.call('corpora/import', { paths, name: 'killed', documentBoundary: 'line' }),
    ).rejects.toMatchObject({ code: 'job/died' });
    expect(await readdir(join(scratch.home, 'corpora'))).toHaveLength(2);
  });

  it('of a folder that is no model, or has no tokenizer, registers no model', async () => {
    const here = await openFilled();
    const [tiny] = await here.call('models/list', {});
    await expect(here.call('models/import', { path: scratch.inputs })).rejects.toMatchObject({
      code: 'model/not-a-model',
    });
    const bare = join(scratch.inputs, 'bare');
    await cp(tiny?.folder ?? '', bare, { recursive: true });
    await rm(join(bare, 'vocab.txt'));
    await expect(here.call('models/import', { path: bare })).rejects.toMatchObject({
      code: 'model/tokenizer',
    });
    expect(await here.call('models/list', {})).toEqual([tiny]);
    expect(await readdir(join(scratch.home, 'models'))).toHaveLength(1);
  });

  it('of a tokenizer that cannot be opened leaves no copy behind', async () => {
    const here = await openFilled();
    const [tiny] = await here.call('models/list', {});
    const spoilt = join(scratch.inputs, 'spoilt');
    await cp(tiny?.folder ?? '', spoilt, { recursive: true });
    const vocabulary = await readFile(join(spoilt, 'vocab.txt'), 'utf8');
    await writeFile(join(spoilt, 'vocab.txt'), vocabulary.replace('[MASK]', '[NONE]'));
    await expect(here.call('models/import', { path: spoilt })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(spoilt) as string,
    });
    expect(await readdir(join(scratch.home, 'models'))).toHaveLength(1);
  });
});

describe('a name', () => {
  it('that is taken leaves no copy of the model behind', async () => {
    const here = await openFilled();
    const [tiny] = await here.call('models/list', {});
    const other = join(scratch.inputs, 'other');
    await cp(tiny?.folder ?? '', other, { recursive: true });
    await writeFile(join(other, 'tokenizer_config.json'), '{"do_lower_case": false}');
    await expect(here.call('models/import', { path: other, name: 'tiny' })).rejects.toMatchObject({
      code: 'model/name-taken',
    });
    expect(await readdir(join(scratch.home, 'models'))).toHaveLength(1);
    expect(await here.call('models/import', { path: other, name: 'other' })).toMatchObject({
      name: 'other',
    });
  });

  it.each(['', 'two\nlines', 'x'.repeat(201)])(
    'is one line of up to 200 characters',
    async (name) => {
      const here = await openFilled();
      const nothing = join(scratch.inputs, 'nothing');
      await expect(here.call('models/import', { path: nothing, name })).rejects.toMatchObject({
        code: 'model/name',
      });
      const corpus = here.call('corpora/import', { paths: [nothing], name });
      await expect(corpus).rejects.toMatchObject({ code: 'corpus/name' });
    },
  );
});

describe('a model', () => {
  it('is known by its content', async () => {
    const here = await openFilled();
    const [tiny] = await here.call('models/list', {});
    const elsewhere = join(scratch.inputs, 'elsewhere');
    await cp(tiny?.folder ?? '', elsewhere, { recursive: true });
    expect(await here.call('models/import', { path: elsewhere })).toEqual(tiny);
    await expect(
      here.call('models/import', { path: elsewhere, name: 'second' }),
    ).rejects.toMatchObject({ code: 'model/known' });
  });

  it('that is linked is checked before it is used', async () => {
    workbench = await open(scratch);
    await fill(workbench, scratch);
    const [made] = await workbench.call('models/list', {});
    const linked = join(scratch.inputs, 'linked');
    await cp(made?.folder ?? '', linked, { recursive: true });
    const config = JSON.parse(await readFile(join(linked, 'config.json'), 'utf8')) as object;
    await writeFile(join(linked, 'config.json'), JSON.stringify({ ...config, note: 1 }));
    const model = await workbench.call('models/import', { path: linked, link: true });
    expect(model).toMatchObject({ linked: true, folder: linked, name: 'linked' });
    expect(await readdir(join(scratch.home, 'models'))).toHaveLength(1);

    await writeFile(join(linked, 'config.json'), JSON.stringify({ ...config, note: 2 }));
    const project = tinyProject({}, { base_model: 'linked' });
    await expect(workbench.call('projects/run', { project })).rejects.toMatchObject({
      code: 'model/changed',
    });
    expect(await workbench.call('runs/list', {})).toEqual([]);
  });
});

it('token shards that were damaged by hand are not trained on', async () => {
  const here = await openFilled();
  const { runs } = await here.call('projects/run', { project: tinyProject({ max_steps: 5000 }) });
  const run = runs[0]?.id ?? '';
  await waitForStep(here, run, 1);
  await here.call('runs/pause', { run });
  const corpora = join(scratch.home, 'corpora');
  const files = await readdir(corpora, { recursive: true });
  for (const name of files.filter((file) => file.endsWith('train.ids'))) {
    const bytes = await readFile(join(corpora, name));
    bytes[bytes.length - 1] ^= 1;
    await writeFile(join(corpora, name), bytes);
  }
  await here.call('runs/resume', { run });
  await expect(waitForState(here, run, 'completed')).rejects.toThrow('shards/damaged');
});

it('a checkpoint that was damaged by hand is not exported', async () => {
  const here = await openFilled();
  const { runs } = await here.call('projects/run', { project: tinyProject({ max_steps: 2 }) });
  const run = runs[0]?.id ?? '';
  await waitForState(here, run, 'completed');
  const { folder, checkpoints } = await here.call('runs/show', { run });
  const weights = join(folder, checkpoints.at(-1)?.path ?? '', 'model.safetensors');
  const bytes = await readFile(weights);
  bytes[bytes.length - 1000] ^= 1;
  await writeFile(weights, bytes);
  const target = join(scratch.inputs, 'exported');
  await expect(here.call('runs/export', { run, folder: target })).rejects.toMatchObject({
    code: 'run/checkpoint-damaged',
  });
  expect(existsSync(target)).toBe(false);
});

describe('a purge', () => {
  const marker = 'zugspitzenmarker';

  /** Every file of the home folder that holds the text, in any case. */
  async function filesWith(text: string, folder = scratch.home): Promise<string[]> {
    const found: string[] = [];
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const content = (await readFile(path)).toString('latin1').toLowerCase();
      if (content.includes(text)) found.push(path);
    }
    return found;
  }

  it('leaves no byte of the text in the home folder, and the results of its runs', async () => {
    workbench = await open(scratch);
    await addModel(workbench, scratch);
    const lines = Array.from({ length: 40 }, (_, n) => `Patient ${n} has ${marker} ${n * n}.`);
    const wiki = { paths: [await writeText(scratch, 'source')], name: 'wiki' };
    const notes = { paths: [await writeText(scratch, 'target', 300, lines)], name: `of ${marker}` };
    await workbench.call('corpora/import', { ...wiki, documentBoundary: 'line' });
    await workbench.call('corpora/import', { ...notes, documentBoundary: 'line' });
    await workbench.call('corpora/report', { corpus: notes.name, model: 'tiny' });
    const corpora = await workbench.call('corpora/list', {});
    const id = corpora.find(({ name }) => name === notes.name)?.id ?? '';
    const project = tinyProject({ max_steps: 5 }, { target_corpus: id });
    const { runs } = await workbench.call('projects/run', { project });
    const run = runs[0]?.id ?? '';
    await waitForState(workbench, run, 'completed');
    expect((await filesWith(marker)).length).toBeGreaterThan(0);

    const { bytes } = await workbench.call('corpora/purge', { corpus: id });
    expect(bytes).toBeGreaterThan(0);
    expect(await filesWith(marker)).toEqual([]);
    const places = await readdir(join(scratch.home, 'evaluations'));
    const sets = places.filter((name) => name !== 'base');
    expect(sets).toHaveLength(2);
    expect((await workbench.call('runs/show', { run })).evaluations).toHaveLength(8);
    expect((await workbench.call('corpora/list', {})).map(({ name }) => name)).toEqual(['wiki']);
    await expect(workbench.call('corpora/purge', { corpus: id })).rejects.toMatchObject({
      code: 'corpus/not-found',
    });
  });

  it('is refused while a run may still read the corpus', async () => {
    const here = await openFilled();
    const project = tinyProject({ max_steps: 2000, save_steps: 2000, eval_steps: 2000 });
    const { runs } = await here.call('projects/run', { project });
    const run = runs[0]?.id ?? '';
    const purge = () => here.call('corpora/purge', { corpus: 'notes' });
    await expect(purge()).rejects.toMatchObject({ code: 'corpus/in-use' });
    await waitForStep(here, run, 1);
    await here.call('runs/pause', { run });
    await expect(purge()).rejects.toMatchObject({ code: 'corpus/in-use' });
    await here.call('runs/cancel', { run });
    expect((await purge()).bytes).toBeGreaterThan(0);
  });
});

it('a run whose corpus is gone says so when it is resumed', async () => {
  const here = await openFilled();
  const project = tinyProject({ max_steps: 2000, save_steps: 2000, eval_steps: 2000 });
  const { runs } = await here.call('projects/run', { project });
  const run = runs[0]?.id ?? '';
  await waitForStep(here, run, 1);
  await here.call('runs/pause', { run });
  const [target] = await here.call('corpora/list', {});
  await rm(target?.folder ?? '', { recursive: true });
  await expect(here.call('runs/resume', { run })).rejects.toMatchObject({
    code: 'run/material-missing',
  });
  expect((await here.call('runs/show', { run })).state).toBe('paused');
});

it('corpus text is in no log, message or database row of a run', async () => {
  const secret = 'wendelsteingeheimnis';
  workbench = await open(scratch);
  await addModel(workbench, scratch);
  const lines = Array.from({ length: 60 }, (_, n) => `${secret} ${n} ${secret} ${n * 7}.`);
  for (const [name, role] of [
    ['notes', 'target'],
    ['wiki', 'source'],
  ] as const) {
    const paths = [await writeText(scratch, role, 200, lines)];
    await workbench.call('corpora/import', { paths, name, documentBoundary: 'line' });
  }
  const messages: string[] = [];
  workbench.subscribe((event) => messages.push(JSON.stringify(event)));
  const { runs } = await workbench.call('projects/run', { project: tinyProject() });
  await waitForState(workbench, runs[0]?.id ?? '', 'completed');
  await workbench.close();
  workbench = undefined;
  expect(messages.length).toBeGreaterThan(10);
  expect(messages.filter((message) => message.includes(secret))).toEqual([]);
  for (const entry of await readdir(scratch.home, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || path.startsWith(join(scratch.home, 'corpora'))) continue;
    expect((await readFile(path)).includes(secret), path).toBe(false);
  }
});
