/** Masks filled by models and runs in a real Workbench: agreement, the process that stays, what can go wrong. */
import { watch } from 'node:fs';
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reply, WorkbenchClient } from '../../../core/workbench/contract.ts';
import type { HostProcess, StartProcess } from '../../../core/workbench/hostProcess.ts';
import { startNodeProcess } from '../../../core/workbench/hostProcess.ts';
import { connectWorkbench } from '../../../core/workbench/remoteClient.ts';
import type { Fill, Predictor } from '../../../core/workbench/schemas/fillMask.ts';
import { fill, newScratch, open, tinyProject, waitForState } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';
import { WORD_PIECES, byteLevelFolder } from '../../fixtures/tinyTokenizers.ts';

const TEXT = 'the patient [MASK] a dose';

let scratch: Scratch;
let workbench: WorkbenchClient;
let base: string;
let tuned: string;

/** Processes that fill masks, in the order of their start. */
const started: HostProcess[] = [];
const ended = new Set<HostProcess>();
const startProcess: StartProcess = (entry, args) => {
  const child = startNodeProcess(entry, args);
  if (args[0] === 'models/fill-mask') {
    started.push(child);
    child.onExit(() => ended.add(child));
  }
  return child;
};

beforeAll(async () => {
  scratch = await newScratch();
  workbench = await open(scratch, { startProcess });
  await fill(workbench, scratch);
  const project = tinyProject({}, { strategies: ['ndt', 'sdt'] });
  const { runs } = await workbench.call('projects/run', { project });
  for (const { id } of runs) await waitForState(workbench, id, 'completed');
  [base = '', tuned = ''] = runs.map(({ id }) => id);
}, 300_000);
afterAll(async () => {
  await workbench.close();
  await scratch.remove();
});

function ask(predictors: Predictor[], text = TEXT, topK = 5): Promise<Reply<'models/fill-mask'>> {
  return workbench.call('models/fill-mask', { text, predictors, topK });
}

const model = (id: string): Predictor => ({ kind: 'model', id });
const run = (id: string, weights: 'last' | 'best' = 'last'): Predictor => ({
  kind: 'run',
  id,
  weights,
});

const isAlive = (index: number): boolean => {
  const child = started.at(index);
  return child !== undefined && !ended.has(child);
};

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Files that appear in a folder until it is stopped. */
function watchedNames(folder: string): { stop: () => Promise<string[]> } {
  const names = new Set<string>();
  const watcher = watch(folder, (_, name) => names.add(String(name)));
  return {
    async stop() {
      await new Promise((resolve) => setTimeout(resolve, 50));
      watcher.close();
      return [...names];
    },
  };
}

describe('models/fill-mask', () => {
  it('answers for a model and its run, each with what the other lists', async () => {
    const { predictors } = await ask([model('tiny'), run(tuned)]);
    const [before, after] = predictors;
    expect(before).toMatchObject({ name: 'tiny', step: null, maxSeqLength: 64 });
    expect(after).toMatchObject({ name: 'SDT seed 1 of trial', step: 30 });
    expect(before.tokens.map(({ text, isMask }) => (isMask ? '?' : text))).toEqual([
      'the',
      'patient',
      '?',
      'a',
      'dose',
    ]);
    for (const [own, other] of [
      [before, after],
      [after, before],
    ]) {
      const { fills, others } = own.masks[0];
      const theirs = other.masks[0].fills;
      expect(fills.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5]);
      const listed = new Set(fills.map(({ id }) => id));
      expect(others.map(({ id }) => id)).toEqual(
        theirs.map(({ id }) => id).filter((id) => !listed.has(id)),
      );
      for (const { rank, probability } of others) {
        expect(rank).toBeGreaterThan(5);
        expect(probability).toBeLessThanOrEqual(fills[4].probability);
      }
    }
    // Tuning on the notes moved them.
    expect(after.masks[0].fills).not.toEqual(before.masks[0].fills);
  });

  it('gives ranks that a longer list confirms', async () => {
    const short = await ask([model('tiny'), run(tuned)]);
    const long = await ask([model('tiny')], TEXT, 50);
    const byId = new Map(
      long.predictors[0].masks[0].fills.map((one): [number, Fill] => [one.id, one]),
    );
    const { fills, others } = short.predictors[0].masks[0];
    let confirmed = 0;
    for (const one of [...fills, ...others]) {
      if (one.rank > 50) continue;
      expect(byId.get(one.id)).toEqual(one);
      confirmed++;
    }
    expect(confirmed).toBeGreaterThanOrEqual(5);
  });

  it('finds tokens by their text in another vocabulary', async () => {
    const configPath = join(scratch.inputs, 'roberta.json');
    await writeFile(
      configPath,
      JSON.stringify({
        ...{ model_type: 'roberta', hidden_size: 16, num_hidden_layers: 1, vocab_size: 280 },
        ...{ num_attention_heads: 2, intermediate_size: 16, max_position_embeddings: 66 },
        ...{ type_vocab_size: 1, pad_token_id: 1 },
      }),
    );
    const tokenizerPath = await byteLevelFolder();
    await workbench.call('models/init', { configPath, tokenizerPath, name: 'bytes', seed: 1 });
    const { predictors } = await ask([model('tiny'), model('bytes')], TEXT, 50);
    const [words, bytes] = predictors;
    const named = ({ text, startsWord }: Fill): string => `${startsWord ? ' ' : ''}${text}`;
    const vocabulary = new Set([...WORD_PIECES].map((piece) => piece.replace(/^##/, '')));
    const { fills, others } = words.masks[0];
    expect(others.length).toBeGreaterThan(0);
    const theirs = new Set(bytes.masks[0].fills.map(named));
    for (const one of others) {
      expect(theirs).toContain(named(one));
      expect(vocabulary).toContain(one.text);
      expect(fills.map(({ id }) => id)).not.toContain(one.id);
    }
    // Most bytes are no token of the other vocabulary.
    expect(others.length).toBeLessThan(bytes.masks[0].fills.length);
  });

  it('takes the base model for a run that trained nothing', async () => {
    const { predictors } = await ask([model('tiny'), run(base)]);
    expect(predictors[1].masks[0].fills).toEqual(predictors[0].masks[0].fills);
    expect(predictors[1].masks[0].others).toEqual([]);
  });

  it('tells the best weights of a run from its last ones', async () => {
    const { folder, step } = await workbench.call('runs/show', { run: tuned });
    const { predictors } = await ask([run(tuned, 'best'), run(tuned, 'last')]);
    expect(predictors[1].step).toBe(step);
    expect(predictors[0].step).toBeLessThanOrEqual(step);
    await rename(join(folder, 'best'), join(folder, 'kept-best'));
    await expect(ask([run(tuned, 'best')])).rejects.toMatchObject({ code: 'run/no-best' });
    await rename(join(folder, 'kept-best'), join(folder, 'best'));
  });

  it('fills several masks, written either way, in the order of the text', async () => {
    const { predictors } = await ask([model('tiny')], '<mask> heart [MASK].');
    expect(predictors[0].masks).toHaveLength(2);
    expect(predictors[0].tokens.map(({ isMask }) => isMask)).toEqual([true, false, true, false]);
  });

  it('leaves out what is farthest from the mask of a text that is too long, and says so', async () => {
    const words = (count: number): string => 'the '.repeat(count);
    const long = await ask([model('tiny')], `${words(200)}[MASK] ${words(100)}`);
    const [side] = long.predictors;
    expect(side.tokens).toHaveLength(301);
    const used = side.tokens.flatMap(({ isCut }, index) => (isCut ? [] : [index]));
    expect(used).toHaveLength(62);
    expect(used[0]).toBe(170);
    const alone = await ask([model('tiny')], `${words(30)}[MASK] ${words(31)}`);
    expect(side.masks).toEqual(alone.predictors[0].masks);
    await expect(ask([model('tiny')], `[MASK] ${words(80)} [MASK]`)).rejects.toMatchObject({
      code: 'fill-mask/too-long',
      message: expect.stringContaining('82 tokens') as string,
    });
  });

  it('beside an owner is the own work of whoever asks: the text waits in no file', async () => {
    const own: HostProcess[] = [];
    let running = 0;
    const client = await connectWorkbench(scratch.home, (entry, args) => {
      const child = startNodeProcess(entry, args);
      own.push(child);
      running++;
      child.onExit(() => running--);
      return child;
    });
    try {
      const seen = watchedNames(join(scratch.home, 'spool'));
      const request = { text: TEXT, predictors: [model('tiny'), run(tuned)], topK: 5 };
      const before = started.length;
      const reply = await client.call('models/fill-mask', request);
      expect(reply).toEqual(await ask([model('tiny'), run(tuned)]));
      expect(own).toHaveLength(1);
      // One for the owner's own answer at most, none for the client's.
      expect(started.length - before).toBeLessThanOrEqual(1);
      expect(await seen.stop()).toEqual([]);
      await until(() => running === 0);
    } finally {
      await client.close();
    }
  });

  it('refuses texts without a mask or with too many, without a word of the text', async () => {
    const none = ask([model('tiny')], 'secret words');
    await expect(none).rejects.toMatchObject({ code: 'fill-mask/no-mask' });
    await expect(none).rejects.not.toThrow(/secret/);
    await expect(ask([model('tiny')], '[MASK] '.repeat(21))).rejects.toMatchObject({
      code: 'fill-mask/too-many-masks',
    });
    await expect(ask([model('tiny')], `[MASK]${'a'.repeat(10_000)}`)).rejects.toMatchObject({
      code: 'request/invalid',
    });
  });

  it('says which model or run is not there', async () => {
    await expect(ask([model('other')])).rejects.toMatchObject({ code: 'model/not-found' });
    await expect(ask([run('run-other')])).rejects.toMatchObject({ code: 'run/not-found' });
  });

  it('refuses a run whose weights are gone or damaged', async () => {
    const { folder, checkpoints } = await workbench.call('runs/show', { run: tuned });
    const weights = join(folder, checkpoints.at(-1)?.path ?? '');
    await rename(weights, `${weights}-away`);
    await expect(ask([run(tuned)])).rejects.toMatchObject({ code: 'run/no-weights' });
    await cp(`${weights}-away`, weights, { recursive: true });
    const file = join(weights, 'model.safetensors');
    const bytes = await readFile(file);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(file, bytes);
    // What is loaded is still what was saved: only a new process reads the files.
    await endProcess();
    await expect(ask([run(tuned)])).rejects.toMatchObject({ code: 'run/checkpoint-damaged' });
    await rm(weights, { recursive: true });
    await rename(`${weights}-away`, weights);
    await expect(ask([run(tuned)])).resolves.toBeDefined();
  });

  it('refuses a linked model that has gone or has changed', async () => {
    const [tiny] = await workbench.call('models/list', {});
    const place = join(scratch.inputs, 'linked');
    await cp(tiny.folder, place, { recursive: true });
    const config = JSON.parse(await readFile(join(place, 'config.json'), 'utf8')) as object;
    // Another model, or the copy that is here already would be meant.
    await writeFile(join(place, 'config.json'), JSON.stringify({ ...config, note: 'linked' }));
    await workbench.call('models/import', { path: place, name: 'linked', link: true });
    await rename(place, `${place}-away`);
    await expect(ask([model('linked')])).rejects.toMatchObject({ code: 'model/folder-missing' });
    await rename(`${place}-away`, place);
    await expect(ask([model('linked')])).resolves.toBeDefined();
    await writeFile(join(place, 'config.json'), JSON.stringify({ ...config, note: 'changed' }));
    await endProcess();
    await expect(ask([model('linked')])).rejects.toMatchObject({ code: 'model/changed' });
  });

  it('refuses a run that has not completed', async () => {
    const project = tinyProject({ max_steps: 4000 }, { name: 'long', strategies: ['sdt'] });
    const { runs } = await workbench.call('projects/run', { project });
    const id = runs[0]?.id ?? '';
    await waitForState(workbench, id, 'running');
    await expect(ask([run(id)])).rejects.toMatchObject({ code: 'run/not-completed' });
    await workbench.call('runs/cancel', { run: id });
    await expect(ask([run(id)])).rejects.toMatchObject({
      code: 'run/not-completed',
      message: expect.stringContaining('cancelled') as string,
    });
  });
});

async function endProcess(): Promise<void> {
  started.at(-1)?.kill();
  await until(() => !isAlive(-1));
}

describe('the process that fills masks', () => {
  it('answers the next request too, and makes room for a run', async () => {
    await ask([model('tiny')]);
    const count = started.length;
    await ask([model('tiny'), run(tuned)]);
    expect(started).toHaveLength(count);
    expect(isAlive(-1)).toBe(true);

    const project = tinyProject({ max_steps: 4000 }, { name: 'busy', strategies: ['sdt'] });
    const { runs } = await workbench.call('projects/run', { project });
    const id = runs[0]?.id ?? '';
    await waitForState(workbench, id, 'running');
    await until(() => !isAlive(-1));
    // While the run is at work masks are filled all the same, but nothing stays.
    await ask([model('tiny')]);
    expect(started).toHaveLength(count + 1);
    await until(() => !isAlive(-1));
    await workbench.call('runs/cancel', { run: id });
  });

  it('that dies is an error of the request at work alone', async () => {
    await ask([model('tiny')]);
    const work = ask([model('tiny'), run(tuned)]);
    started.at(-1)?.kill();
    await expect(work).rejects.toMatchObject({ code: 'job/died' });
    await expect(ask([model('tiny')])).resolves.toBeDefined();
  });

  it('lets go of a request that is stopped, and answers the next', async () => {
    await ask([model('tiny')]);
    const stop = new AbortController();
    const request = { text: TEXT, predictors: [model('tiny'), run(tuned)] };
    const stopped = workbench.call('models/fill-mask', request, { signal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'call/aborted' });
    await expect(ask([model('tiny')])).resolves.toBeDefined();
  });

  it('ends with the Workbench', async () => {
    const other = await newScratch();
    const closing = await open(other, { startProcess });
    await fill(closing, other);
    await closing.call('models/fill-mask', { text: TEXT, predictors: [model('tiny')] });
    expect(isAlive(-1)).toBe(true);
    await closing.close();
    await until(() => !isAlive(-1));
    await other.remove();
  });
});
