/** Estimates of the Fisher diagonal as a home folder keeps them: made in a job, found again, purged. */
import { mkdirSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadModelFolder } from '../../../core/model/modelFolder.ts';
import { openMlmSession } from '../../../core/model/openSession.ts';
import type { CorpusRecord } from '../../../core/store/corpora.ts';
import { openStore } from '../../../core/store/store.ts';
import type { Store } from '../../../core/store/store.ts';
import { estimateFisher } from '../../../core/strategies/fisher.ts';
import {
  FISHER_FILE,
  FISHER_WEIGHTS_FILE,
  readFisher,
} from '../../../core/strategies/fisherFolder.ts';
import { drawFisherSample } from '../../../core/strategies/fisherSample.ts';
import { openTokenizer } from '../../../core/text/tokenizer.ts';
import { openWindows } from '../../../core/text/windows.ts';
import type { CallContext } from '../../../core/workbench/calls.ts';
import { findCorpus, findModel } from '../../../core/workbench/find.ts';
import { cleanHome, prepareHome, resolveInHome } from '../../../core/workbench/home.ts';
import type { Home } from '../../../core/workbench/home.ts';
import { startNodeProcess } from '../../../core/workbench/hostProcess.ts';
import type { StartProcess } from '../../../core/workbench/hostProcess.ts';
import { jobRunner } from '../../../core/workbench/jobs.ts';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';
import { CorpusUse } from '../../../core/workbench/services/corpusUse.ts';
import { fisherFor } from '../../../core/workbench/services/fisher.ts';
import type { FisherMaterial } from '../../../core/workbench/services/fisher.ts';
import { fill, newScratch, open, tinyProject } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

type Services = Parameters<typeof fisherFor>[0];

let template: Scratch;
let scratch: Scratch;
let home: Home;
let store: Store;

beforeAll(async () => {
  template = await newScratch();
  const filled = await open(template);
  await fill(filled, template);
  // The same text once more, under another name.
  const paths = [join(template.inputs, 'source.txt')];
  await filled.call('corpora/import', { paths, name: 'copy', documentBoundary: 'line' });
  await filled.close();
});

afterAll(() => template.remove());

beforeEach(async () => {
  scratch = await newScratch();
  await cp(template.home, scratch.home, { recursive: true });
  home = await prepareHome(scratch.home);
  store = openStore(home.database);
});

afterEach(async () => {
  store.close();
  await scratch.remove();
});

const PATIENT: CallContext = { signal: new AbortController().signal, report: () => undefined };

/** All that fisherFor reads of the services. */
function servicesWith(startProcess: StartProcess = startNodeProcess): Services {
  const runJob = jobRunner(startProcess);
  return { home, store, runJob, corpusUse: new CorpusUse() };
}

function projectWith(fisher: object = {}, training: object = {}): FisherMaterial['project'] {
  const settings = projectFileSchema.shape.fisher.parse({ sequences: 40, ...fisher });
  return { ...tinyProject(training), fisher: settings };
}

async function materialWith(
  project: FisherMaterial['project'],
  corpusName = 'wiki',
): Promise<FisherMaterial> {
  const model = findModel(store, 'tiny');
  const corpus = findCorpus(store, corpusName);
  const { folder } = await servicesWith().runJob(
    'corpora/shards',
    {
      corpusFolder: resolveInHome(home, corpus.folder),
      modelFolder: resolveInHome(home, model.folder),
    },
    PATIENT,
  );
  return { model, corpus, shardFolder: folder, project };
}

async function estimate(project = projectWith(), corpus = 'wiki') {
  const made = await fisherFor(servicesWith(), await materialWith(project, corpus), PATIENT);
  return { ...made, ...(await readFisher(made.folder)) };
}

/** Thousands of short sequences, so that there is time to stop in the middle. */
const LONG = projectWith({ sequences: 100_000 }, { max_seq_length: 8 });

describe('an estimate', () => {
  it.each([
    ['per sequence, of documents', {}, {}],
    [
      'per batch, of a stream, whole words',
      { variant: 'batch', batch_size: 6, seed: 4 },
      {
        packing: 'concatenate',
        whole_word_mask: true,
        mlm_probability: 0.3,
      },
    ],
  ])('is made as its convention says, %s', async (_, fisher, training) => {
    const project = projectWith(fisher, training);
    const { model, shardFolder } = await materialWith(project);
    const { file, diagonal } = await estimate(project);
    const { tokenizer } = await openTokenizer(resolveInHome(home, model.folder));
    const source = openWindows({
      shards: shardFolder,
      split: 'train',
      packing: project.training.packing,
      maxSeqLength: project.training.max_seq_length,
      tokenizer,
    });
    const { config, weights } = await loadModelFolder(resolveInHome(home, model.folder));
    const session = await openMlmSession({
      config,
      weights,
      session: { engine: 'cpu', threads: 1 },
    });
    try {
      const { elements } = drawFisherSample({
        source,
        settings: project.fisher,
        tokenizer,
        mlmProbability: project.training.mlm_probability,
        wholeWordMask: project.training.whole_word_mask,
        maxSeqLength: project.training.max_seq_length,
        split: (rows) => [[...rows]],
      });
      const expected = await estimateFisher(session, elements);
      expect(file.health).toEqual(expected.health);
      expect(file.health.sequences).toBe(40);
      expect([...diagonal.keys()].sort()).toEqual(session.parameters.map((p) => p.name).sort());
      for (const [name, values] of expected.diagonal) {
        expect([...(diagonal.get(name) ?? [])]).toEqual([...values]);
      }
    } finally {
      await session.close();
      source.close();
    }
    expect(file).toMatchObject({
      modelHash: model.hash,
      tokenizerHash: model.tokenizerHash,
      corpusHash: findCorpus(store, 'wiki').contentHash,
      settings: project.fisher,
      packing: project.training.packing,
      mlm_probability: project.training.mlm_probability,
    });
  });

  it('tells how far it is', async () => {
    const seen: unknown[] = [];
    const context = { ...PATIENT, report: (progress: unknown) => seen.push(progress) };
    await fisherFor(servicesWith(), await materialWith(projectWith()), context);
    expect(seen.at(-1)).toEqual({
      stage: 'estimating Fisher diagonal',
      done: 40,
      total: 40,
      unit: 'sequences',
    });
  });

  it('is found again, and is another one for another convention', async () => {
    const first = await estimate();
    const again = await estimate();
    expect(again.file.createdAt).toBe(first.file.createdAt);
    const other = await estimate(projectWith({ seed: 1 }));
    expect(other.id).not.toBe(first.id);
    expect(other.file.sha256).not.toBe(first.file.sha256);
    expect((await readdir(home.fisher)).sort()).toEqual([first.id, other.id].sort());
    const recorded = store.fisher.ofCorpus(findCorpus(store, 'wiki').id);
    expect(recorded.map(({ id }) => id).sort()).toEqual([first.id, other.id].sort());
    expect(recorded.map((record) => resolveInHome(home, record.folder)).sort()).toEqual(
      [first.folder, other.folder].sort(),
    );
  });

  it('uses every sequence of a corpus that has fewer than asked for, and says how many', async () => {
    const { file } = await estimate(projectWith({ sequences: 5000 }));
    expect(file.settings.sequences).toBe(5000);
    // Texts of at most 48 words have one to seven windows of 32 tokens.
    const { trainDocuments } = findCorpus(store, 'wiki');
    expect(file.health.sequences).toBeGreaterThanOrEqual(trainDocuments);
    expect(file.health.sequences).toBeLessThan(5000);
  });

  it.each([
    ['damaged', (folder: string) => writeFile(join(folder, FISHER_WEIGHTS_FILE), 'damaged')],
    ['without a description', (folder: string) => rm(join(folder, FISHER_FILE))],
    [
      'replaced by that of another seed',
      async (folder: string) => {
        const { folder: other } = await estimate(projectWith({ seed: 9 }));
        await rm(folder, { recursive: true });
        await rename(other, folder);
      },
    ],
    [
      'replaced by a file',
      async (folder: string) => {
        await rm(folder, { recursive: true });
        await writeFile(folder, '');
      },
    ],
  ])('that was %s is made anew, the same to the last bit', async (_, spoil) => {
    const first = await estimate();
    await spoil(first.folder);
    const again = await estimate();
    expect(again.folder).toBe(first.folder);
    expect(again.file.sha256).toBe(first.file.sha256);
    expect(again.file.settings.seed).toBe(0);
    expect((await readdir(home.fisher)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('stops at once when asked to, and leaves nothing', async () => {
    const stop = new AbortController();
    const context: CallContext = {
      signal: stop.signal,
      report: ({ done, total }) => {
        expect(total).toBeGreaterThan(2000);
        if (done > 0) stop.abort();
      },
    };
    const stopped = fisherFor(servicesWith(), await materialWith(LONG), context);
    await expect(stopped).rejects.toMatchObject({ code: 'call/aborted' });
    expect(await readdir(home.fisher)).toEqual([]);
  });

  it('is not there when its process was killed, not even in part, and is then made', async () => {
    const first = await estimate();
    await rm(first.folder, { recursive: true });
    const project = projectWith();
    const killing: StartProcess = (entry, args) => {
      const started = startNodeProcess(entry, args);
      started.onMessage(() => {
        // As if it had been about to finish.
        mkdirSync(join(home.fisher, `.tmp-0123456789ab-${first.id}`), { recursive: true });
        started.kill();
      });
      return started;
    };
    const material = await materialWith(project);
    const killed = fisherFor(servicesWith(killing), material, PATIENT);
    await expect(killed).rejects.toMatchObject({ code: 'job/died' });
    expect(await readdir(home.fisher)).toEqual([]);
    expect((await estimate(project)).file.sha256).toBe(first.file.sha256);
  });

  it('half-written by a process that died with its owner is removed at the next start', async () => {
    await mkdir(join(home.fisher, '.tmp-0123-0123456789abcdef'));
    await cleanHome(home);
    expect(await readdir(home.fisher)).toEqual([]);
  });

  it('is not begun without the space for it', async () => {
    const material = await materialWith(projectWith());
    const huge = { ...material, model: { ...material.model, parameters: 1e15 } };
    await expect(fisherFor(servicesWith(), huge, PATIENT)).rejects.toMatchObject({
      code: 'run/no-space',
      message: expect.stringContaining('The Fisher diagonal of "tiny"') as string,
    });
  });

  it('is refused of a model whose files have changed, and of shards of another corpus', async () => {
    const material = await materialWith(projectWith());
    const { shardFolder } = await materialWith(projectWith(), 'notes');
    const foreign = fisherFor(servicesWith(), { ...material, shardFolder }, PATIENT);
    await expect(foreign).rejects.toMatchObject({ code: 'shards/other-corpus' });
    const config = join(resolveInHome(home, material.model.folder), 'config.json');
    await writeFile(config, `${await readFile(config, 'utf8')}\n`);
    const changed = fisherFor(servicesWith(), material, PATIENT);
    await expect(changed).rejects.toMatchObject({ code: 'model/changed' });
    expect(await readdir(home.fisher)).toEqual([]);
  });
});

describe('a purge', () => {
  async function purge(corpus: string): Promise<number> {
    store.close();
    const workbench = await open(scratch);
    const { bytes } = await workbench.call('corpora/purge', { corpus });
    await workbench.close();
    store = openStore(home.database);
    return bytes;
  }
  const estimatesOf = (corpus: CorpusRecord): string[] =>
    store.fisher.ofCorpus(corpus.id).map(({ id }) => id);

  it('removes the estimates of its corpus and no other', async () => {
    const kept = await estimate();
    const { id } = await estimate(projectWith(), 'notes');
    const notes = findCorpus(store, 'notes');
    expect(estimatesOf(notes)).toEqual([id]);
    const size = (await readFile(join(home.fisher, id, FISHER_WEIGHTS_FILE))).length;
    expect(await purge('notes')).toBeGreaterThan(size);
    expect(await readdir(home.fisher)).toEqual([kept.id]);
    expect(estimatesOf(notes)).toEqual([]);
    expect((await estimate()).file.createdAt).toBe(kept.file.createdAt);
  });

  it('leaves them to a corpus of the same text, until that is purged too', async () => {
    const made = await estimate();
    expect((await estimate(projectWith(), 'copy')).file.createdAt).toBe(made.file.createdAt);
    await purge('wiki');
    expect(await readdir(home.fisher)).toEqual([made.id]);
    expect(estimatesOf(findCorpus(store, 'copy'))).toEqual([made.id]);
    expect((await estimate(projectWith(), 'copy')).file.createdAt).toBe(made.file.createdAt);
    await purge('copy');
    expect(await readdir(home.fisher)).toEqual([]);
  });
});
