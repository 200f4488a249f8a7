/** Home folders and other folders of specs. What takes long to make is made once and copied. */
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOURCE_CORPUS, TARGET_CORPUS, writeDemoCorpus } from '../../../core/demo/demoProject.ts';
import type { WorkbenchClient } from '../../../core/workbench/contract.ts';
import { startNodeProcess } from '../../../core/workbench/hostProcess.ts';
import { openWorkbench } from '../../../core/workbench/openWorkbench.ts';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';

const MODEL = join(import.meta.dirname, '../../../resources/demo/base-model');

/**
 * `empty`: a first start. `material`: the demo's model and part of its corpora. `study`: besides, a
 * finished project of four strategies and two seeds, with a λ that was chosen.
 */
export type HomeKind = 'empty' | 'material' | 'study';

/** Documents of the corpora that specs work with. */
const DOCUMENTS = 400;

const PILOT = {
  name: 'pilot',
  base_model: 'demo-base',
  target_corpus: TARGET_CORPUS.name,
  source_corpus: SOURCE_CORPUS.name,
  strategies: ['ndt', 'sdt', { rh: { lambda: 0.3 } }, { ewc: { lambda: [30, 300] } }],
  seeds: [1, 2],
  training: {
    learning_rate: 5e-4,
    max_steps: 24,
    per_device_train_batch_size: 8,
    max_seq_length: 64,
    warmup_steps: 4,
    logging_steps: 2,
    eval_steps: 8,
    save_steps: 12,
  },
  evaluation: { max_tokens: 4000 },
};

const made: string[] = [];

/** A folder that is removed with the homes. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'palimpsest-e2e-'));
  made.push(folder);
  return folder;
}

/** A home folder of the spec's own. */
export async function newHome(kind: HomeKind): Promise<string> {
  const home = join(await newFolder(), 'home');
  if (kind === 'empty') await mkdir(home);
  else await cp(await template(kind), home, { recursive: true });
  return home;
}

export async function removeHomes(): Promise<void> {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
}

/** Makes what the homes of all specs are copied from, in the folder of this run of the ring. */
export async function makeTemplates(): Promise<void> {
  await template('study');
}

/** Lies in the folder of this run of the ring, where its other files find it. */
async function template(kind: 'material' | 'study'): Promise<string> {
  const ring = process.env['PALIMPSEST_E2E_FOLDER'];
  if (ring === undefined) throw new Error('The ring is started by npm run test:e2e.');
  const finished = join(ring, kind);
  if (existsSync(finished)) return finished;
  const home = join(ring, `${kind}-unfinished-${process.pid}`);
  await rm(home, { recursive: true, force: true });
  if (kind === 'study') await cp(await template('material'), home, { recursive: true });
  const workbench = await openWorkbench({ home, startProcess: startNodeProcess });
  try {
    await (kind === 'material' ? importMaterial(workbench, ring) : runPilot(workbench));
  } finally {
    await workbench.close();
  }
  try {
    await rename(home, finished);
  } catch (error) {
    // Another file of the ring has made it meanwhile.
    if (!existsSync(finished)) throw error;
    await rm(home, { recursive: true });
  }
  return finished;
}

async function importMaterial(workbench: WorkbenchClient, folder: string): Promise<void> {
  await workbench.call('models/import', { path: MODEL, name: 'demo-base' });
  for (const corpus of [SOURCE_CORPUS, TARGET_CORPUS]) {
    const path = await writeDemoCorpus(folder, { ...corpus, documents: DOCUMENTS });
    const { name } = corpus;
    await workbench.call('corpora/import', { paths: [path], name, column: 'text' });
  }
}

async function runPilot(workbench: WorkbenchClient): Promise<void> {
  const project = projectFileSchema.parse(PILOT);
  const { id } = await workbench.call('projects/run', { project });
  for (;;) {
    const { runs, expectsMore } = await workbench.call('projects/show', { project: id });
    const unfinished = runs.filter(({ state }) => state !== 'completed');
    const failed = unfinished.find(({ state }) => state === 'failed' || state === 'interrupted');
    if (failed !== undefined) throw new Error(`${failed.name}: ${failed.error?.message}`);
    if (unfinished.length === 0 && !expectsMore) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const runs = await workbench.call('runs/list', {});
  const [first, second] = runs.map(({ id: run }) => run);
  if (first === undefined || second === undefined) throw new Error('The pilot has no runs.');
  await workbench.call('runs/tag', { runs: [first, second], add: ['pilot', 'to compare'] });
  await workbench.call('runs/note', { run: first, text: 'The first trial on the ward notes.' });
}
