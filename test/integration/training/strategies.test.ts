/** Every strategy with a real encoder, real corpora and a real Fisher diagonal, through the real loop. */
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashFile } from '../../../core/base/files.ts';
import {
  SHARD_MANIFEST_FILE,
  parseShardManifest,
  shardManifestJson,
} from '../../../core/text/shardFormat.ts';
import type { RunSpecification } from '../../../core/training/configuration.ts';
import { listCheckpoints } from '../../../core/training/checkpoint.ts';
import { readEvents } from '../../../core/training/eventLog.ts';
import type { RunEvent } from '../../../core/training/events.ts';
import { openResources } from '../../../core/training/openResources.ts';
import { train } from '../../../core/training/train.ts';
import type { Interruption, RunEnd } from '../../../core/training/train.ts';
import { tinyTraining } from '../../fixtures/tinyTraining.ts';
import type { TinyTraining } from '../../fixtures/tinyTraining.ts';
import { runJob } from '../../fixtures/trainingJob.ts';
import { killAndResume } from './killing.ts';
import { withoutMachine } from '../../fixtures/machineSeries.ts';

type Strategy = Parameters<TinyTraining['specify']>[2];

let folder: string;
let tiny: TinyTraining;
let sdt: RunSpecification;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-strategies-'));
  tiny = await tinyTraining(folder);
  sdt = tiny.specify('sdt', SHORT);
  await completed(sdt);
});
afterAll(() => rm(folder, { recursive: true }));

/** Logged at steps that are no checkpoint's, so that a resumed run has something to carry over. */
const SHORT = { max_steps: 24, eval_steps: 12, save_steps: 5, logging_steps: 8 };
async function run(
  specification: RunSpecification,
  interrupt: (step: number) => Interruption | undefined = () => undefined,
): Promise<RunEnd> {
  let step = 0;
  return await train(specification, openResources, {
    interruption: () => interrupt(step),
    publish: () => undefined,
    progress: (at) => {
      step = at;
    },
  });
}

async function completed(specification: RunSpecification): Promise<void> {
  expect(await run(specification)).toEqual({ outcome: 'completed' });
}

async function finalWeights(specification: RunSpecification): Promise<string> {
  const [latest] = await listCheckpoints(specification.runFolder, 'checkpoints');
  return await hashFile(join(latest?.folder ?? '', 'model.safetensors'));
}

/** By step, what the run measured of itself; the machine's speed left out. */
function metrics(specification: RunSpecification): [number, Record<string, number>][] {
  return readEvents(specification.runFolder).flatMap(
    (event): [number, Record<string, number>][] => {
      if (event.type !== 'metrics') return [];
      return [[event.step, withoutMachine(event.values)]];
    },
  );
}

function eventsOf<Type extends RunEvent['type']>(
  specification: RunSpecification,
  type: Type,
): Extract<RunEvent, { type: Type }>[] {
  const isOfType = (event: RunEvent): event is Extract<RunEvent, { type: Type }> =>
    event.type === type;
  return readEvents(specification.runFolder).filter(isOfType);
}

const STRATEGIES: readonly [string, Strategy][] = [
  ['rh', { rh: { lambda: 1, ratio: 0.5 } }],
  ['gem', { gem: {} }],
  ['l2', { l2: { lambda: 0.5 } }],
  ['ewc', { ewc: { lambda: 1000, layer_norm: false } }],
  ['lwf', { lwf: { temperature: 2 } }],
  ['lrc', { lrc: { decay: 0.5 } }],
  ['rh+ewc', { rh: {}, ewc: {} }],
];

describe.each(STRATEGIES)('%s', (name, strategy) => {
  it('is another run than SDT, and paused and resumed is the same to the last bit', async () => {
    const whole = tiny.specify(`${name}-whole`, SHORT, strategy);
    await completed(whole);
    expect(await finalWeights(whole)).not.toBe(await finalWeights(sdt));

    const parted = tiny.specify(`${name}-parted`, SHORT, strategy);
    for (const at of [3, 13]) {
      expect((await run(parted, (step) => (step >= at ? 'pause' : undefined))).outcome).toBe(
        'paused',
      );
    }
    await completed(parted);
    expect(await finalWeights(parted)).toBe(await finalWeights(whole));
    expect(metrics(parted)).toEqual(metrics(whole));
    expect(metrics(whole).map(([step]) => step)).toEqual([8, 16, 24]);
  });
});

describe('λ = 0', () => {
  it.each<[string, Strategy]>([
    ['rh', { rh: { lambda: 0 } }],
    ['l2', { l2: { lambda: 0 } }],
    ['ewc', { ewc: { lambda: 0 } }],
    ['lwf', { lwf: { lambda: 0 } }],
  ])('of %s is SDT bit for bit', async (name, strategy) => {
    const specification = tiny.specify(`${name}-zero`, SHORT, strategy);
    expect(specification.strategy).toBe(name);
    await completed(specification);
    expect(await finalWeights(specification)).toBe(await finalWeights(sdt));
    expect(metrics(specification)).toEqual(metrics(sdt));
  });
});

describe('λ = 0 beside another part', () => {
  it.each<[string, Strategy, Strategy]>([
    ['EWC beside RH', { ewc: {} }, { rh: { lambda: 0 }, ewc: {} }],
    ['RH beside EWC', { rh: {} }, { rh: {}, ewc: { lambda: 0 } }],
  ])('leaves %s as it is alone, bit for bit', async (name, alone, strategy) => {
    const single = tiny.specify(`${name} alone`, SHORT, alone);
    const both = tiny.specify(name, SHORT, strategy);
    expect(both.strategy).toBe('rh+ewc');
    await completed(single);
    await completed(both);
    expect(await finalWeights(single)).not.toBe(await finalWeights(sdt));
    expect(await finalWeights(both)).toBe(await finalWeights(single));
    expect(metrics(both)).toEqual(metrics(single));
  });
});

describe('strategies of one seed', () => {
  it('see the same target batches, masks and dropout, whether or not they draw source batches', async () => {
    const settings = { max_steps: 3, logging_steps: 1, gradient_accumulation_steps: 2 };
    const frozen = { ...settings, learning_rate: 1e-30, max_grad_norm: 0, eval_steps: 3 };
    const plain = tiny.specify('sdt-frozen', frozen);
    await completed(plain);
    const losses = metrics(plain).map(([, values]) => values['train/target_loss']);
    expect(new Set(losses).size).toBe(3);
    for (const [name, strategy] of STRATEGIES) {
      const other = tiny.specify(`${name}-frozen`, frozen, strategy);
      await completed(other);
      expect(metrics(other).map(([, values]) => values['train/target_loss'])).toEqual(losses);
    }
  });
});

describe('the signals of a run', () => {
  const last = (name: string): Record<string, number> =>
    metrics(tiny.specify(name)).at(-1)?.[1] ?? {};

  it('have the loss of source batches, also when they are only a reference', () => {
    for (const name of ['rh-whole', 'gem-whole', 'rh+ewc-whole']) {
      expect(last(name)['train/source_loss']).toBeGreaterThan(0);
    }
    expect(last('l2-whole')).not.toHaveProperty('train/source_loss');
    expect(last('gem-whole')['train/projection_rate']).toBeGreaterThanOrEqual(0);
  });

  it('have the penalty and its share of the gradient', () => {
    for (const name of ['l2-whole', 'ewc-whole', 'rh+ewc-whole']) {
      expect(last(name)['train/penalty']).toBeGreaterThan(0);
      expect(last(name)['train/penalty_ratio']).toBeGreaterThan(0);
    }
    expect(last('lwf-whole')['train/distillation_loss']).toBeGreaterThan(0);
    expect(last('rh-whole')).not.toHaveProperty('train/penalty');
  });

  it('have the drift of each depth, which the penalties and lower rates of lower layers hold down', () => {
    const depths = ['depth_0', 'depth_1', 'depth_2', 'depth_3'].map((name) => `drift/${name}`);
    const plain = last('sdt');
    const squares = depths.reduce((sum, depth) => sum + (plain[depth] ?? 0) ** 2, 0);
    expect(plain['drift/total']).toBeCloseTo(Math.sqrt(squares), 10);
    expect(last('l2-whole')['drift/total']).toBeLessThan(plain['drift/total'] ?? 0);
    expect(last('lrc-whole')['drift/depth_0']).toBeLessThan((plain['drift/depth_0'] ?? 0) / 2);
    expect(plain['drift/relative']).toBeGreaterThan(0);
  });
});

describe('what a run tells of its source', () => {
  it('is the composition of the rehearsal buffer, once an attempt', () => {
    const [event, ...more] = eventsOf(tiny.specify('rh-whole'), 'rehearsal');
    expect(more).toEqual([]);
    // 60 sequences, 4 a step: an epoch has 15 steps, so 24 steps are one epoch and 9 steps of 4.
    expect(event?.buffer).toMatchObject({
      policy: 'uniform',
      sequences: 60,
      draws: 60 + 9 * 4,
      fewestRepeats: 1,
      mostRepeats: 2,
      share: { source: 4, target: 8, ratio: 0.5 },
    });
    expect(eventsOf(tiny.specify('rh-parted'), 'rehearsal').map(({ buffer }) => buffer)).toEqual(
      Array.from({ length: 3 }, () => event?.buffer),
    );
    expect(eventsOf(sdt, 'rehearsal')).toEqual([]);
  });

  it('is the health of the Fisher diagonal', async () => {
    const [event] = eventsOf(tiny.specify('ewc-whole'), 'fisher');
    const written: unknown = JSON.parse(
      await readFile(join(folder, 'fisher', 'fisher.json'), 'utf8'),
    );
    expect(written).toMatchObject({ health: event?.health, settings: event?.settings });
    expect(eventsOf(tiny.specify('l2-whole'), 'fisher')).toEqual([]);
  });
});

describe('a source that does not fit', () => {
  const ewc = (name: string): RunSpecification => tiny.specify(name, SHORT, { ewc: {} });

  it('is refused when its shards are of another corpus', async () => {
    const specification = tiny.specify('other-corpus', SHORT, { rh: {} });
    const { rehearsal } = specification;
    const other = rehearsal && { ...rehearsal, shardFolder: specification.target.shardFolder };
    const { outcome, error } = await run({ ...specification, rehearsal: other });
    expect([outcome, error?.code]).toEqual(['failed', 'shards/other-corpus']);
  });

  it('is refused when its shards are of another tokenizer', async () => {
    const specification = tiny.specify('other-tokenizer', SHORT, { rh: {} });
    const shardFolder = join(folder, 'shards-of-another-tokenizer');
    await cp(specification.rehearsal?.shardFolder ?? '', shardFolder, { recursive: true });
    const manifest = join(shardFolder, SHARD_MANIFEST_FILE);
    const written = parseShardManifest(await readFile(manifest, 'utf8'), shardFolder);
    await writeFile(manifest, shardManifestJson({ ...written, tokenizerHash: 'another' }));
    const rehearsal = specification.rehearsal && { ...specification.rehearsal, shardFolder };
    const { outcome, error } = await run({ ...specification, rehearsal });
    expect([outcome, error?.code]).toEqual(['failed', 'shards/other-tokenizer']);
  });

  it.each<[string, string, (content: string) => string]>([
    ['model', 'fisher/other-model', (text) => text.replace(/"modelHash": "./, '"modelHash": "x')],
    [
      'tokenizer',
      'fisher/other-tokenizer',
      (text) => text.replace(/"tokenizerHash": "./, '"tokenizerHash": "x'),
    ],
    [
      'corpus',
      'fisher/other-corpus',
      (text) => text.replace(/"corpusHash": "./, '"corpusHash": "x'),
    ],
    [
      'length',
      'fisher/other-settings',
      (text) => text.replace('"max_seq_length": 32', '"max_seq_length": 33'),
    ],
    [
      'number of sequences',
      'fisher/other-settings',
      (text) => text.replace('"sequences": 40', '"sequences": 41'),
    ],
  ])('is refused when the Fisher diagonal is of another %s', async (what, code, change) => {
    const specification = ewc(`fisher-${what}`);
    const copy = join(folder, `fisher-of-another-${what}`);
    await cp(specification.fisher?.folder ?? '', copy, { recursive: true });
    const path = join(copy, 'fisher.json');
    const content = await readFile(path, 'utf8');
    expect(change(content)).not.toBe(content);
    await writeFile(path, change(content));
    const fisher = specification.fisher && { ...specification.fisher, folder: copy };
    const { outcome, error } = await run({ ...specification, fisher });
    expect([outcome, error?.code]).toEqual(['failed', code]);
    expect(error?.message).toContain(copy);
  });
});

describe('scores of the base model', () => {
  it('are the same to the last bit computed, computed by two processes at once, and shared', async () => {
    const baseScoresFolder = join(folder, 'base-scores');
    const ndt = (name: string): RunSpecification => tiny.specify(name, SHORT, 'ndt');
    const sharing = ['ndt-1', 'ndt-2', 'ndt-3'].map((name) => ({ ...ndt(name), baseScoresFolder }));
    await completed(ndt('ndt-alone'));
    const exits = await Promise.all(sharing.slice(0, 2).map((run) => runJob(run)));
    expect(exits.map(({ code, output }) => [code, output])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    for (const run of sharing.slice(2)) await completed(run);

    const scores = (run: RunSpecification): unknown[] =>
      eventsOf(run, 'evaluation').map(({ role, split, phase, nll, scoresHash }) => [
        ...[role, split, phase],
        ...[nll, scoresHash],
      ]);
    expect(scores(ndt('ndt-alone'))).toHaveLength(8);
    for (const run of sharing) expect(scores(run)).toEqual(scores(ndt('ndt-alone')));
    expect(await readdir(baseScoresFolder)).toHaveLength(4);
  });
});

describe('a killed run', () => {
  it('of rehearsal and a penalty ends with the weights of an untouched run', async () => {
    const kills = Number(process.env['PALIMPSEST_TEST_KILLS'] ?? 2);
    const strategy = { rh: { ratio: 0.5 }, ewc: { lambda: 1000 } };
    const specify = (name: string): RunSpecification =>
      tiny.specify(name, { save_steps: 5 }, strategy);
    const { reports } = await killAndResume(specify, kills, Date.now());
    expect(reports.map(({ identical }) => identical)).toEqual(Array<boolean>(kills).fill(true));
  }, 600_000);
});
