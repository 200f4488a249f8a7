/** The training loop with real files and a model small enough to run in milliseconds. */
import { cp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashBytes, hashFile } from '../../../core/base/files.ts';
import { readScores } from '../../../core/evaluation/scoresFile.ts';
import { totalsOf } from '../../../core/evaluation/scoring.ts';
import type { RunSpecification } from '../../../core/training/configuration.ts';
import { strategyLabel } from '../../../core/strategies/parts.ts';
import { listCheckpoints } from '../../../core/training/checkpoint.ts';
import { readEvents } from '../../../core/training/eventLog.ts';
import type { UnigramSession } from '../../fixtures/unigramSession.ts';
import {
  VOCABULARY,
  essence,
  finalWeights,
  unigramTraining,
} from '../../fixtures/unigramTraining.ts';
import type { RunOptions, Trial, UnigramTraining } from '../../fixtures/unigramTraining.ts';

let training: UnigramTraining;
let folder: string;
beforeAll(async () => {
  training = await unigramTraining();
  ({ folder } = training);
});
afterAll(() => training.remove());

const specification: UnigramTraining['specification'] = (...args) =>
  training.specification(...args);

/** Runs until the end, or until `interrupt` answers at a step. */
function run(
  spec: RunSpecification,
  interrupt: RunOptions['interrupt'] = () => undefined,
  prepare: RunOptions['prepare'] = () => undefined,
): Promise<Trial> {
  return training.run(spec, { interrupt, prepare });
}

describe('a run', () => {
  it('evaluates before, during and after, lowers the loss and leaves one checkpoint without optimizer', async () => {
    const spec = specification();
    const { outcome, events, session } = await run(spec);
    expect(outcome).toBe('completed');
    expect(session.closed).toBe(true);
    expect(readEvents(spec.runFolder)).toEqual(events);

    const evaluated = events.flatMap((event) => (event.type === 'evaluation' ? [event] : []));
    expect(
      evaluated.map(({ step, phase, role, split }) => `${step} ${phase} ${role} ${split}`),
    ).toEqual([
      '0 before target validation',
      '0 before target test',
      '0 before source validation',
      '0 before source test',
      '8 during target validation',
      '8 during source validation',
      '16 during target validation',
      '16 during source validation',
      '24 after target validation',
      '24 after target test',
      '24 after source validation',
      '24 after source test',
    ]);
    for (const { nll, tokens, scoresPath, scoresHash } of evaluated) {
      const totals = totalsOf(readScores(join(spec.runFolder, scoresPath), scoresHash));
      expect([totals.nll, totals.tokens]).toEqual([nll, tokens]);
    }
    expect(evaluated[0]?.nll).toBeCloseTo(Math.log(VOCABULARY), 5);

    const logged = events.flatMap((event) => (event.type === 'metrics' ? [event] : []));
    expect(logged.map(({ step }) => step)).toEqual([5, 10, 15, 20, 24]);
    expect(logged.at(-1)?.values['train/target_loss']).toBeLessThan(
      (logged[0]?.values['train/target_loss'] ?? 0) - 0.3,
    );
    // Linear schedule: the rate of step 23, the 24th.
    expect(logged.at(-1)?.values['train/learning_rate']).toBeCloseTo(0.05 / 24, 12);

    expect(await readdir(join(spec.runFolder, 'checkpoints'))).toEqual(['step-24']);
    const [checkpoint] = await listCheckpoints(spec.runFolder, 'checkpoints');
    expect([...(checkpoint?.files ?? [])].sort()).toEqual(['model.safetensors', 'state.json']);
    expect(events.at(-1)).toMatchObject({ type: 'ended', outcome: 'completed', step: 24 });
  });

  it('keeps the weights that did best on the validation target', async () => {
    // The set's tokens are spread otherwise than the training labels: its loss falls, then rises.
    const spec = specification({ learning_rate: 0.2, lr_scheduler_type: 'constant' });
    const { events } = await run(spec);
    const watched = events.filter(
      (event) =>
        event.type === 'evaluation' && event.role === 'target' && event.split === 'validation',
    );
    const losses = watched.map((event) => (event.type === 'evaluation' ? event.nll : Number.NaN));
    const best = watched[losses.indexOf(Math.min(...losses))]?.step ?? -1;
    expect(best).toBeGreaterThan(0);
    const kept = await listCheckpoints(spec.runFolder, 'best');
    expect(kept.map(({ step }) => step)).toEqual([best]);
  });

  it('fails when an evaluation is not finite, which no event could hold', async () => {
    const spec = specification();
    const { outcome, error, events } = await run(spec, undefined, (session) => {
      session.evaluate = (batch) =>
        Promise.resolve(new Float32Array(batch.positions.length).fill(Infinity));
    });
    expect([outcome, error?.code]).toEqual(['failed', 'evaluation/not-finite']);
    expect(events.filter(({ type }) => type === 'evaluation')).toEqual([]);
  });

  it('takes no step with NDT, and its evaluations before and after are one', async () => {
    const spec = specification({}, 'ndt');
    const { outcome, events } = await run(spec);
    expect(outcome).toBe('completed');
    expect(events[0]).toMatchObject({ type: 'started', totalSteps: 0 });
    const evaluated = events.flatMap((event) => (event.type === 'evaluation' ? [event] : []));
    expect(evaluated.map(({ phase }) => phase)).toEqual([
      ...Array<string>(4).fill('before'),
      ...Array<string>(4).fill('after'),
    ]);
    for (const [i, before] of evaluated.slice(0, 4).entries()) {
      expect(evaluated[i + 4]).toMatchObject({ nll: before.nll, scoresHash: before.scoresHash });
    }
  });
});

/** Each strategy with the series that only it has. */
const STRATEGIES: readonly [RunSpecification['parts'], string[]][] = [
  [{ rh: { lambda: 1, ratio: 1 } }, ['source_loss']],
  [{ gem: { ratio: 1 } }, ['source_loss', 'projection_rate']],
  [{ l2: { lambda: 1, layer_norm: true } }, ['penalty', 'penalty_ratio']],
  [{ ewc: { lambda: 1, layer_norm: true } }, ['penalty', 'penalty_ratio']],
  [{ lwf: { lambda: 1, temperature: 2 } }, ['distillation_loss']],
  [
    {
      rh: { lambda: 0.5, ratio: 1 },
      l2: { lambda: 1, layer_norm: true },
      ewc: { lambda: 1, layer_norm: true },
    },
    ['source_loss', 'penalty', 'penalty_l2', 'penalty_ewc'],
  ],
];

describe('a strategy', () => {
  it.each(STRATEGIES)('%j is another run than SDT and tells its signals', async (parts, series) => {
    const spec = specification({}, strategyLabel(parts), parts);
    const { outcome, events } = await run(spec);
    expect(outcome).toBe('completed');
    const plain = specification();
    await run(plain);
    expect(await finalWeights(spec)).not.toBe(await finalWeights(plain));
    const logged = events.flatMap((event) => (event.type === 'metrics' ? [event.values] : []));
    expect(logged).toHaveLength(5);
    for (const values of logged) {
      for (const name of series) expect(values[`train/${name}`]).toBeGreaterThanOrEqual(0);
      expect(values['drift/total']).toBeGreaterThan(0);
    }
  });

  it.each(STRATEGIES)('%j ends as it would have when it was paused between', async (parts) => {
    const whole = specification({}, strategyLabel(parts), parts);
    const reference = await run(whole);
    const spec = specification({}, strategyLabel(parts), parts);
    for (const at of [3, 11, 18]) await run(spec, (step) => (step >= at ? 'pause' : undefined));
    expect((await run(spec)).outcome).toBe('completed');
    expect(await finalWeights(spec)).toBe(await finalWeights(whole));
    expect(essence(readEvents(spec.runFolder)).toSorted()).toEqual(
      essence(reference.events).toSorted(),
    );
  });

  it.each<[string, RunSpecification['parts']]>([
    ['rh', { rh: { lambda: 0, ratio: 1 } }],
    ['l2', { l2: { lambda: 0, layer_norm: true } }],
    ['ewc', { ewc: { lambda: 0, layer_norm: true } }],
    ['lwf', { lwf: { lambda: 0, temperature: 2 } }],
  ])('%s with λ = 0 is SDT bit for bit', async (strategy, parts) => {
    const [spec, plain] = [specification({}, strategy, parts), specification()];
    const trials = [await run(spec), await run(plain)];
    expect(await finalWeights(spec)).toBe(await finalWeights(plain));
    const [zero, sdt] = trials.map(({ events }) => essence(events));
    expect(zero).toEqual(sdt);
  });

  it.each<[string, Partial<RunSpecification>]>([
    ['strategy/unknown', { strategy: 'rehearse' }],
    ['strategy/other-parts', { strategy: 'rh' }],
    ['strategy/other-parts', { strategy: 'ndt', parts: { gem: { ratio: 1 } } }],
    ['run/needs-source', { strategy: 'gem', parts: { gem: { ratio: 1 } }, rehearsal: undefined }],
    [
      'run/needs-source',
      { strategy: 'ewc', parts: { ewc: { lambda: 1, layer_norm: true } }, fisher: undefined },
    ],
  ])('that cannot be run is refused with %s', async (code, change) => {
    const { outcome, error } = await run({ ...specification(), ...change });
    expect([outcome, error?.code]).toEqual(['failed', code]);
  });
});

describe('scores of the base model', () => {
  const evaluated = (trial: Trial): unknown[] =>
    essence(trial.events.filter(({ type }) => type === 'evaluation'));
  /** Counts the batches that are scored. */
  const counting = (counts: number[]) => (session: UnigramSession) => {
    const evaluate = session.evaluate.bind(session);
    counts.push(0);
    session.evaluate = (batch) => {
      counts[counts.length - 1]++;
      return evaluate(batch);
    };
  };
  const sharing = (name: string): RunSpecification => ({
    ...specification({ max_steps: 2 }),
    baseScoresFolder: join(folder, name, 'base'),
  });
  const scoresOf = async (spec: RunSpecification): Promise<string[]> => {
    const names = (await readdir(join(spec.runFolder, 'scores'))).toSorted();
    return Promise.all(names.map((name) => hashFile(join(spec.runFolder, 'scores', name))));
  };

  it('are computed once and are to the last bit what each run computes', async () => {
    const alone = specification({ max_steps: 2 });
    const [first, second] = [sharing('shared'), sharing('shared')];
    const counts: number[] = [];
    const trials: Trial[] = [];
    for (const spec of [alone, first, second]) {
      trials.push(await run(spec, undefined, counting(counts)));
      expect(trials.at(-1)?.outcome).toBe('completed');
    }
    expect(counts[1]).toBe(counts[0]);
    // The four sets are scored after the last step alone.
    expect(counts[2]).toBe((counts[0] ?? 0) / 2);
    for (const trial of trials) expect(evaluated(trial)).toEqual(evaluated(trials[0] ?? trial));
    for (const spec of [first, second]) expect(await scoresOf(spec)).toEqual(await scoresOf(alone));
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['changed', (bytes) => Buffer.from(bytes.map((byte, at) => (at === 20 ? byte ^ 1 : byte)))],
    ['cut off', (bytes) => bytes.subarray(0, bytes.length - 40)],
    ['empty', () => Buffer.alloc(0)],
  ])('that are %s are computed and written again', async (what, damage) => {
    const [first, second] = [sharing(what), sharing(what)];
    const before = await run(first);
    const base = first.baseScoresFolder ?? '';
    const whole = new Map<string, Buffer>();
    for (const name of await readdir(base)) {
      whole.set(name, await readFile(join(base, name)));
      await writeFile(join(base, name), damage(whole.get(name) ?? Buffer.alloc(0)));
    }
    expect(whole.size).toBe(4);
    const after = await run(second);
    expect(evaluated(after)).toEqual(evaluated(before));
    for (const [name, bytes] of whole) {
      expect((await readFile(join(base, name))).equals(bytes)).toBe(true);
    }
  });

  it('of another set are not taken, even under its name', async () => {
    const [first, second] = [sharing('swapped'), sharing('swapped')];
    const before = await run(first);
    const base = first.baseScoresFolder ?? '';
    const [one, other] = await readdir(base);
    await cp(join(base, one ?? ''), join(base, other ?? ''));
    expect(evaluated(await run(second))).toEqual(evaluated(before));
  });

  it.each<[string, (spec: RunSpecification) => object]>([
    ['model', () => ({ modelHash: 'other' })],
    ['tokenizer', () => ({ tokenizerHash: 'other' })],
    ['length', ({ settings }) => ({ settings: { ...settings, max_seq_length: 64 } })],
  ])('of another %s are not taken', async (what, change) => {
    await run(sharing(`other-${what}`));
    const counts: number[] = [];
    await run(specification({ max_steps: 2 }), undefined, counting(counts));
    const spec = sharing(`other-${what}`);
    await run({ ...spec, ...change(spec) }, undefined, counting(counts));
    expect(counts[1]).toBe(counts[0]);
  });

  it('that cannot be shared do not stop a run, which says why', async () => {
    const blocked = join(folder, 'a-file');
    await writeFile(blocked, '');
    const spec = { ...specification(), baseScoresFolder: join(blocked, 'base') };
    const { outcome, events } = await run(spec);
    expect(outcome).toBe('completed');
    const warnings = events.flatMap((event) => (event.type === 'log' ? [event.message] : []));
    expect(warnings).toHaveLength(4);
    expect(warnings[0]).toContain(blocked);
  });
});

describe('stopping and going on', () => {
  it('ends as it would have, wherever it was paused', async () => {
    const whole = specification();
    const reference = await run(whole);
    for (const pauses of [[1], [7, 8], [6, 12, 23], [8, 16, 24], [0, 5]]) {
      const spec = specification();
      for (const at of pauses) {
        const paused = await run(spec, (step) => (step >= at ? 'pause' : undefined));
        expect(paused).toMatchObject({ outcome: 'paused' });
        const [checkpoint] = await listCheckpoints(spec.runFolder, 'checkpoints');
        expect(checkpoint?.step).toBe(at);
      }
      expect(await run(spec)).toMatchObject({ outcome: 'completed' });
      expect(await finalWeights(spec)).toBe(await finalWeights(whole));
      expect(essence(readEvents(spec.runFolder)).toSorted()).toEqual(
        essence(reference.events).toSorted(),
      );
    }
  });

  it('ends as it would have when stopped inside a step or an evaluation', async () => {
    const whole = specification();
    let questions = 0;
    const reference = await run(whole, () => {
      questions++;
      return undefined;
    });
    for (let question = 0; question < questions; question += 13) {
      const spec = specification();
      let asked = 0;
      const { outcome } = await run(spec, () => (asked++ >= question ? 'pause' : undefined));
      expect(outcome).toBe('paused');
      expect(await run(spec)).toMatchObject({ outcome: 'completed' });
      expect(await finalWeights(spec)).toBe(await finalWeights(whole));
      expect(essence(readEvents(spec.runFolder)).toSorted()).toEqual(
        essence(reference.events).toSorted(),
      );
    }
  });

  it('repeats what a killed attempt did after its last checkpoint, and the history shows it once', async () => {
    const whole = specification();
    const reference = await run(whole);
    for (const killedAt of [3, 9, 13, 17, 22]) {
      const spec = specification();
      // A copy of the folder at a moment is what a kill leaves behind.
      const copy = specification();
      await run(spec, (step) => {
        if (step !== killedAt) return undefined;
        throw new Error('stop here');
      });
      await cp(spec.runFolder, copy.runFolder, { recursive: true });
      const resumed = await run(copy);
      expect(resumed.outcome).toBe('completed');
      expect(resumed.events[0]).toMatchObject({
        type: 'started',
        attempt: 2,
        resumedFrom: killedAt < 6 ? null : killedAt - (killedAt % 6),
      });
      expect(await finalWeights(copy)).toBe(await finalWeights(whole));
      expect(essence(readEvents(copy.runFolder)).toSorted()).toEqual(
        essence(reference.events).toSorted(),
      );
    }
  });

  it('tells of a checkpoint that a killed attempt wrote but did not tell of', async () => {
    const spec = specification();
    await run(spec, (step) => (step === 24 ? 'interrupt' : undefined));
    const path = join(spec.runFolder, 'events.jsonl');
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const untold = lines.findIndex((line) =>
      /"step":24.*"type":"checkpoint"|"type":"checkpoint".*"step":24/.test(line),
    );
    expect(untold).toBeGreaterThan(0);
    await writeFile(path, `${lines.slice(0, untold).join('\n')}\n`);
    const older = join(spec.runFolder, 'checkpoints', 'step-18');
    await cp(join(spec.runFolder, 'checkpoints', 'step-24'), older, { recursive: true });
    const manifest = await readFile(join(older, 'manifest.json'), 'utf8');
    await writeFile(join(older, 'manifest.json'), manifest.replace('"step": 24', '"step": 18'));

    expect((await run(spec)).outcome).toBe('completed');
    const told = readEvents(spec.runFolder).filter(({ type }) => type === 'checkpoint');
    expect(told.at(-1)).toMatchObject({ step: 24, path: 'checkpoints/step-24', attempt: 2 });
    expect(await readdir(join(spec.runFolder, 'checkpoints'))).toEqual(['step-24']);
  });

  it('falls back to the checkpoint before a damaged one and says so', async () => {
    const spec = specification({ save_total_limit: 2 });
    await run(spec, (step) => (step >= 13 ? 'interrupt' : undefined));
    const path = join(spec.runFolder, 'checkpoints', 'step-13', 'model.safetensors');
    const bytes = await readFile(path);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(path, bytes);
    const { events } = await run(spec);
    expect(events[0]).toMatchObject({ type: 'started', resumedFrom: 12 });
    const [kept] = (await readdir(join(spec.runFolder, 'checkpoints'))).filter((name) =>
      name.startsWith('.damaged-step-13-'),
    );
    expect(events[1]).toMatchObject({
      type: 'log',
      level: 'warning',
      message: `The checkpoint checkpoints/step-13 is damaged and is not used; what is left of it is kept as checkpoints/${kept}.`,
    });
    const whole = specification();
    await run(whole);
    expect(await finalWeights(spec)).toBe(await finalWeights(whole));
  });

  it('says when it goes on with other means than it began with', async () => {
    const spec = specification();
    await run(spec, (step) => (step >= 3 ? 'pause' : undefined));
    const path = join(spec.runFolder, 'run.json');
    const content = await readFile(path, 'utf8');
    expect((await run(spec, (step) => (step >= 4 ? 'pause' : undefined))).events[1]?.type).not.toBe(
      'log',
    );
    await writeFile(path, content.replace('"threads": 1', '"threads": 8'));
    expect((await run(spec)).events[1]).toMatchObject({
      type: 'log',
      level: 'warning',
      message: expect.stringContaining('thread count') as string,
    });
  });

  it('goes on from a checkpoint of before graphs and signals other than losses were told', async () => {
    const whole = specification();
    const reference = await run(whole);
    const spec = specification();
    await run(spec, (step) => (step >= 3 ? 'pause' : undefined));
    const checkpoint = join(spec.runFolder, 'checkpoints', 'step-3');
    const state = await readFile(join(checkpoint, 'state.json'), 'utf8');
    const old = state
      .replace('"sums"', '"losses"')
      .replace('"target_loss"', '"target"')
      .replace(/"compileSeconds": [0-9.]+,/, '');
    expect(old).not.toContain('compileSeconds');
    expect(old).toMatch(/"losses": \{\s*"target": [0-9.]+\s*\}/);
    await writeFile(join(checkpoint, 'state.json'), old);
    const manifest = await readFile(join(checkpoint, 'manifest.json'), 'utf8');
    const bytes = (text: string): string => `"bytes": ${Buffer.byteLength(text)}`;
    await writeFile(
      join(checkpoint, 'manifest.json'),
      manifest.replace(bytes(state), bytes(old)).replace(hashBytes(state), hashBytes(old)),
    );
    expect((await run(spec)).events[0]).toMatchObject({ type: 'started', resumedFrom: 3 });
    expect(essence(readEvents(spec.runFolder)).toSorted()).toEqual(
      essence(reference.events).toSorted(),
    );
  });

  it('saves by time too', async () => {
    const spec = specification({ save_steps: 1000, save_minutes: 1e-9, save_total_limit: 99 });
    await run(spec, (step) => (step >= 4 ? 'cancel' : undefined));
    const kept = await listCheckpoints(spec.runFolder, 'checkpoints');
    expect(kept.map(({ step }) => step)).toEqual([4, 3, 2, 1]);
  });

  it('cancels without a checkpoint, and a completed run is not run again', async () => {
    const spec = specification();
    expect(await run(spec, (step) => (step >= 3 ? 'cancel' : undefined))).toMatchObject({
      outcome: 'cancelled',
    });
    expect(await listCheckpoints(spec.runFolder, 'checkpoints')).toEqual([]);
    expect(await run(spec)).toMatchObject({ outcome: 'completed' });
    const before = await readFile(join(spec.runFolder, 'events.jsonl'), 'utf8');
    expect(await run(spec)).toMatchObject({ outcome: 'completed', events: [] });
    expect(await readFile(join(spec.runFolder, 'events.jsonl'), 'utf8')).toBe(before);
  });

  it('refuses to go on with another configuration, and leaves the folder as it was', async () => {
    const spec = specification();
    await run(spec, (step) => (step >= 3 ? 'pause' : undefined));
    const before = await readFile(join(spec.runFolder, 'events.jsonl'), 'utf8');
    const other = { ...spec, seed: 4 };
    expect(await run(other)).toMatchObject({
      outcome: 'failed',
      error: { code: 'run/other-configuration' },
    });
    expect(await readFile(join(spec.runFolder, 'events.jsonl'), 'utf8')).toBe(before);
  });
});

describe('a gradient that is not finite', () => {
  it('is left out, said so, and the run goes on', async () => {
    const spec = specification();
    const { outcome, events } = await run(spec, undefined, (s) => s.brokenSteps.add(4).add(11));
    expect(outcome).toBe('completed');
    const warnings = events.filter((event) => event.type === 'log');
    expect(warnings.map(({ step }) => step)).toEqual([5, 12]);
  });

  it('ends a run in which it stays', async () => {
    const spec = specification();
    const { outcome, error } = await run(spec, undefined, (session) => {
      for (let step = 2; step < 30; step++) session.brokenSteps.add(step);
    });
    expect(outcome).toBe('failed');
    expect(error?.code).toBe('training/diverged');
    expect(readEvents(spec.runFolder).at(-1)).toMatchObject({ type: 'ended', outcome: 'failed' });
  });
});
