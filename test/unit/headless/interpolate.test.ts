import { describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { runCommandLine } from '../../../core/headless/program.ts';
import type { RunDetail } from '../../../core/workbench/contract.ts';
import { runSummarySchema } from '../../../core/workbench/contract.ts';
import { evaluation, memoryEnvironment, PreparedWorkbench, runDetail } from './fakes.ts';

/** The finished run with α 1; source 3 → 3.5, target 4 → 2.25. */
const TUNED = runDetail({ id: 'run-tuned' });

function pointAt(alpha: number, changes: Partial<RunDetail> = {}): RunDetail {
  const evaluations = TUNED.evaluations.map((one) =>
    one.phase === 'after' ? { ...one, nll: one.role === 'source' ? 3 + alpha / 4 : 2.5 } : one,
  );
  return runDetail({
    id: `run-${alpha}`,
    purpose: 'interpolation',
    alpha,
    evaluations,
    ...changes,
  });
}

/** A point that is asked for is as `first` says; once resumed, as `then` says. Left to themselves they complete. */
function workbenchWith(
  first: (alpha: number) => Partial<RunDetail> = () => ({}),
  then: (alpha: number) => Partial<RunDetail> = () => ({}),
) {
  const runs = new Map([[TUNED.id, TUNED]]);
  const get = (request: unknown): RunDetail => {
    const found = runs.get((request as { run: string }).run);
    if (found === undefined) throw new UserError('run/not-found', 'There is no run.', 'Known: –');
    return found;
  };
  return new PreparedWorkbench({
    'runs/show': get,
    'runs/interpolate': (request: unknown) => {
      const { alpha } = request as { alpha: number };
      const point = pointAt(alpha, first(alpha));
      runs.set(point.id, point);
      return runSummarySchema.parse(point);
    },
    'runs/resume': (request: unknown) => {
      const { alpha } = get(request);
      const point = pointAt(alpha ?? 0, then(alpha ?? 0));
      runs.set(point.id, point);
      return runSummarySchema.parse(point);
    },
  });
}

async function run(args: string[], workbench = workbenchWith()) {
  const environment = memoryEnvironment(workbench);
  const exitCode = await runCommandLine(['interpolate', ...args], environment, '1');
  return { exitCode, out: environment.stdout.text, error: environment.stderr.text, workbench };
}

describe('interpolate', () => {
  it('shows each point between the base model and the run, and how to export it', async () => {
    const { exitCode, out, workbench } = await run(
      'run-tuned --alpha 0.5 --alpha .25 --alpha 5e-1'.split(' '),
    );
    expect(exitCode).toBe(0);
    const asked = workbench.requests.filter(({ name }) => name === 'runs/interpolate');
    expect(asked.map(({ request }) => request)).toEqual([
      { run: 'run-tuned', alpha: 0.5 },
      { run: 'run-tuned', alpha: 0.25 },
    ]);
    expect(workbench.requests.map(({ name }) => name)).not.toContain('runs/resume');
    const lines = out.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(lines.slice(1, 6)).toEqual([
      ['α', 'run', 'source NLL', 'target NLL', 'forgetting', 'gain'],
      ['0', 'the base model', '3.000', '4.000', '0.000', '0.000'],
      ['0.25', 'run-0.25', '3.063', '2.500', '+0.063', '+1.500'],
      ['0.5', 'run-0.5', '3.125', '2.500', '+0.125', '+1.500'],
      ['1', 'run-tuned', '3.500', '2.250', '+0.500', '+1.750'],
    ]);
    expect(out).toMatch(/^SDT seed 1, nats a masked token on the test split$/m);
    expect(out).toMatch(/^Export α 0\.25 with: palimpsest export run-0\.25 FOLDER$/m);
  });

  it('shows an end that was asked for once', async () => {
    const { out } = await run(['run-tuned', '--alpha', '0']);
    expect(out.match(/^ *0 /gm)).toHaveLength(1);
    expect(out).not.toContain('the base model');
  });

  it('as a document has the losses of each point', async () => {
    const { out } = await run(['run-tuned', '--alpha', '0.5', '--json']);
    expect(JSON.parse(out)).toEqual({
      run: 'run-tuned',
      points: [
        {
          ...{ alpha: 0.5, run: 'run-0.5', state: 'completed' },
          ...{ sourceNll: 3.125, targetNll: 2.5, forgetting: 0.125, gain: 1.5 },
        },
      ],
      interrupted: false,
    });
  });

  it('weighs several sets of one role by their tokens', async () => {
    const workbench = workbenchWith(() => ({
      evaluations: (['before', 'after'] as const).flatMap((phase) => [
        evaluation({ phase, role: 'source', nll: 1, tokens: 300 }),
        evaluation({ phase, role: 'source', name: 'other', nll: 5, tokens: 100 }),
        evaluation({ phase, role: 'target', nll: 2 }),
        evaluation({ phase, role: 'target', nll: 9, split: 'validation' }),
      ]),
    }));
    const { out } = await run(['run-tuned', '--alpha', '0.5', '--json'], workbench);
    expect(JSON.parse(out)).toMatchObject({ points: [{ sourceNll: 2, targetNll: 2, gain: 0 }] });
  });

  it('continues a point that was left unfinished', async () => {
    const { exitCode, workbench } = await run(
      ['run-tuned', '--alpha', '0.5', '--alpha', '0.6'],
      workbenchWith((alpha) => (alpha === 0.5 ? { state: 'interrupted' } : {})),
    );
    expect(exitCode).toBe(0);
    const resumed = workbench.requests.filter(({ name }) => name === 'runs/resume');
    expect(resumed).toEqual([{ name: 'runs/resume', request: { run: 'run-0.5' } }]);
  });

  it('ends with 1 when a point fails, and shows the others', async () => {
    const error = { code: 'x', message: 'The checkpoint is damaged.', hint: 'Restore it.' };
    const failing = (alpha: number): Partial<RunDetail> =>
      alpha === 0.5 ? { state: 'failed', step: 0, evaluations: [], error } : {};
    const workbench = workbenchWith(failing, failing);
    const { exitCode, out } = await run(['run-tuned', '--alpha', '0.5', '--alpha', '1'], workbench);
    expect(exitCode).toBe(1);
    expect(out).toMatch(/^ *1 +run-1 /m);
    expect(out).toContain('SDT α 0.5 seed 1 (run-0.5) failed at step 0: The checkpoint is');
  });

  it.each(['1.5', '-0.1', 'half', '', '0x1', 'NaN', 'Infinity', '0,5'])(
    'refuses the alpha %j before the home folder is touched',
    async (alpha) => {
      const workbench = workbenchWith();
      const { exitCode, error } = await run(['run-tuned', `--alpha=${alpha}`], workbench);
      expect(exitCode).toBe(2);
      expect(error).toContain('A number from 0 to 1 is needed.');
      expect(workbench.requests).toEqual([]);
    },
  );

  it('needs a run and an alpha, and has help', async () => {
    expect((await run(['run-tuned'])).error).toContain('--alpha');
    expect((await run(['--alpha', '1'])).error).toContain("argument 'run'");
    const { exitCode, out } = await run(['--help']);
    expect(exitCode).toBe(0);
    for (const word of ['Usage: palimpsest interpolate', '--alpha <number>', '--home', '--json']) {
      expect(out).toContain(word);
    }
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });

  it('says why a run cannot be interpolated', async () => {
    const workbench = workbenchWith(() => {
      throw new UserError('run/not-tuned', 'Run x is the base model.', 'Another.');
    });
    const { exitCode, error } = await run(['run-tuned', '--alpha', '1'], workbench);
    expect(exitCode).toBe(1);
    expect(error).toBe('Error: Run x is the base model.\nAnother.\n');
  });
});

describe('a run that a forgetting guard ended', () => {
  const guard = { step: 18, nll: 3.4, bound: 3.25 };

  it.each([
    [{ ...guard, action: 'stop', keptStep: 18 } as const, 'stopped', 'of step 18'],
    [{ ...guard, action: 'rollback', keptStep: 0 } as const, 'rolled back', 'of the base model'],
  ])('is shown with its planned steps (%j)', async (said, ended, kept) => {
    const detail = runDetail({ step: 18, totalSteps: 24, guard: said });
    const workbench = new PreparedWorkbench({ 'runs/show': detail, 'runs/changes': [] });
    const environment = memoryEnvironment(workbench);
    await runCommandLine(['runs', 'show', 'run-1'], environment, '1');
    const { text } = environment.stdout;
    expect(text).toMatch(
      new RegExp(`^ +state +completed at step 18 of 24, ${ended} by the forgetting guard$`, 'm'),
    );
    expect(text).toMatch(
      new RegExp(`forgetting guard +.* bound 3\\.250; .* weights ${kept}$`, 'm'),
    );
  });

  it('says so in one line while it is followed', async () => {
    const running = runDetail({ state: 'running', step: 15, totalSteps: 24 });
    let looks = 0;
    const workbench = new PreparedWorkbench({
      'runs/resume': runSummarySchema.parse(running),
      'runs/show': () => {
        if (looks++ > 0) return { ...running, state: 'completed', step: 18 };
        setImmediate(() => {
          const place = { run: running.id, attempt: 1, sequence: 9, time: '2026-11-23T18:00:00Z' };
          const said = { ...guard, action: 'rollback', keptStep: 6 } as const;
          workbench.publish({ type: 'run/event', event: { type: 'guard', ...place, ...said } });
          workbench.publish({ type: 'run/state', run: runSummarySchema.parse(running) });
        });
        return running;
      },
    });
    const environment = memoryEnvironment(workbench);
    await runCommandLine(['runs', 'resume', 'run-1'], environment, '1');
    const lines = environment.stderr.text.split('\n').filter((line) => line.includes('guard'));
    expect(lines).toEqual([
      'SDT seed 1: the forgetting guard ended the training and rolled back at step 18: source loss 3.400 nats a masked token, bound 3.250; the run has the weights of step 6',
    ]);
  });
});
