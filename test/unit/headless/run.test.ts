import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../core/headless/program.ts';
import { describeResults, resultRow, spread, summarise } from '../../../core/headless/results.ts';
import type { RunDetail } from '../../../core/workbench/contract.ts';
import { runSummarySchema } from '../../../core/workbench/contract.ts';
import { evaluation, memoryEnvironment, PreparedWorkbench, runDetail } from './fakes.ts';

describe('results', () => {
  it('are differences to the base model on one split', () => {
    expect(resultRow(runDetail(), 'test')).toEqual({
      run: 'run-1',
      strategy: 'sdt',
      seed: 1,
      split: 'test',
      sourceNll: 3.5,
      targetNll: 2.25,
      forgetting: 0.5,
      gain: 1.75,
    });
    expect(resultRow(runDetail(), 'validation')).toBeUndefined();
  });

  it('of the base model need no evaluation after', () => {
    const evaluations = runDetail().evaluations.filter(({ phase }) => phase === 'before');
    const row = resultRow(runDetail({ strategy: 'ndt', evaluations }), 'test');
    expect(row).toMatchObject({ sourceNll: 3, targetNll: 4, forgetting: 0, gain: 0 });
    expect(resultRow(runDetail({ evaluations }), 'test')).toBeUndefined();
  });

  it('weigh several sets of one role by their tokens', () => {
    const evaluations = (['before', 'after'] as const).flatMap((phase) => [
      evaluation({ phase, role: 'source', nll: 1, tokens: 300 }),
      evaluation({ phase, role: 'source', name: 'other', nll: 5, tokens: 100 }),
      evaluation({ phase, role: 'target', nll: 2 }),
    ]);
    expect(resultRow(runDetail({ evaluations }), 'test')?.sourceNll).toBe(2);
  });

  it('have the sample standard deviation over seeds', () => {
    expect(spread([1, 2, 3, 4])).toEqual({ mean: 2.5, deviation: Math.sqrt(5 / 3) });
    expect(spread([7])).toEqual({ mean: 7, deviation: null });
  });

  it('become a table of strategies', () => {
    const rows = [
      runDetail({ strategy: 'ndt', evaluations: runDetail().evaluations.slice(0, 2) }),
      runDetail(),
      runDetail({ seed: 2 }),
    ].flatMap((run) => resultRow(run, 'test') ?? []);
    expect(summarise(rows).map(({ strategy, seeds }) => [strategy, seeds])).toEqual([
      ['ndt', 1],
      ['sdt', 2],
    ]);
    const text = describeResults(rows);
    expect(text).toContain('Nats a masked token on the test split, mean ± standard deviation');
    expect(text).toMatch(/^SDT +2 +3\.500 ± 0\.000 +2\.250 ± 0\.000 +\+0\.500 ± 0\.000 +\+1\.750/m);
    expect(text).toMatch(/^NDT +1 +3\.000 +4\.000 +– +–$/m);
    expect(describeResults([])).toBe('');
  });
});

describe('run', () => {
  let folder = '';
  let project = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'run-command-'));
    project = join(folder, 'pilot.yaml');
    await writeFile(
      project,
      'name: pilot\nbase_model: bert\ntarget_corpus: notes\nsource_corpus: wiki\nengine: webgpu\n',
    );
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Runs that move by what is asked of them: a look at a running one brings it to its end. */
  function workbenchWith(runs: Map<string, RunDetail>, ends: RunDetail['state'] = 'completed') {
    const get = (request: unknown): RunDetail => {
      const { run } = request as { run: string };
      const found = runs.get(run);
      if (found === undefined) throw new Error(run);
      return found;
    };
    const change = (request: unknown, state: RunDetail['state']): RunDetail => {
      const changed = { ...get(request), state };
      runs.set(changed.id, changed);
      return changed;
    };
    let looks = 0;
    return new PreparedWorkbench({
      'projects/run': () => ({
        id: 'project-1',
        name: 'pilot',
        createdAt: '2026-11-23T18:00:00.000Z',
        runs: [...runs.values()].map((run) => runSummarySchema.parse(run)),
      }),
      'runs/show': (request: unknown) => {
        const run = get(request);
        if (run.state === 'running' && ++looks > 1) return change(request, ends);
        return run.state === 'queued' ? change(request, 'running') : run;
      },
      'runs/resume': (request: unknown) => change(request, 'queued'),
      'runs/pause': (request: unknown) => change(request, 'paused'),
    });
  }

  it('continues what is unfinished and leaves the rest', async () => {
    const workbench = workbenchWith(
      new Map([
        ['done', runDetail({ id: 'done', strategy: 'ndt' })],
        ['half', runDetail({ id: 'half', state: 'interrupted', step: 700 })],
        ['given-up', runDetail({ id: 'given-up', seed: 2, state: 'cancelled' })],
      ]),
    );
    const environment = memoryEnvironment(workbench);
    const exitCode = await runCommandLine(['run', project, '--json'], environment, '1');
    const resumed = workbench.requests.filter(({ name }) => name === 'runs/resume');
    expect(resumed).toEqual([{ name: 'runs/resume', request: { run: 'half' } }]);
    const document = JSON.parse(environment.stdout.text) as {
      runs: RunDetail[];
      results: unknown[];
    };
    expect(document.runs.map(({ id, state }) => [id, state])).toEqual([
      ['done', 'completed'],
      ['half', 'completed'],
      ['given-up', 'cancelled'],
    ]);
    expect(document.runs[1].evaluations).toHaveLength(4);
    // A cancelled run is not done.
    expect(exitCode).toBe(1);
  }, 10_000);

  it('sends the file with the engine of the command line', async () => {
    const workbench = workbenchWith(new Map([['done', runDetail({ id: 'done' })]]));
    const environment = memoryEnvironment(workbench);
    const exitCode = await runCommandLine(['run', project, '--engine', 'cpu'], environment, '1');
    expect(exitCode).toBe(0);
    expect(workbench.requests[0]).toMatchObject({
      name: 'projects/run',
      request: { project: { name: 'pilot', engine: 'cpu', seeds: [1] } },
    });
    expect(environment.stdout.text).toMatch(/^SDT +1 +3\.500 +2\.250 +\+0\.500 +\+1\.750$/m);
  });

  it('reads a wrong file before it touches the home folder', async () => {
    const environment = memoryEnvironment(new PreparedWorkbench({}));
    const wrong = join(folder, 'wrong.yaml');
    await writeFile(wrong, 'name: pilot\n');
    expect(await runCommandLine(['run', wrong], environment, '1')).toBe(1);
    expect(environment.homes).toEqual([]);
    expect(environment.stderr.text).toContain('the key base_model is missing');
  });

  it('pauses on Ctrl-C, says how to resume, and ends with 130', async () => {
    const runs = new Map([
      ['first', runDetail({ id: 'first', state: 'running', step: 40 })],
      ['second', runDetail({ id: 'second', seed: 2, state: 'queued', step: 0 })],
    ]);
    const workbench = workbenchWith(runs, 'running');
    const environment = memoryEnvironment(workbench);
    environment.interrupt();
    const exitCode = await runCommandLine(['run', project], environment, '1');
    expect(exitCode).toBe(130);
    expect([...runs.values()].map(({ state }) => state)).toEqual(['paused', 'paused']);
    expect(environment.stdout.text).toContain(
      'Resume from step 40 with: palimpsest runs resume first\n',
    );
    expect(environment.stderr.text).toContain('Saving a checkpoint');
  });

  it('reports a failed run with its reason and ends with 1', async () => {
    const error = { code: 'x', message: 'The run diverged.', hint: 'Lower learning_rate.' };
    const runs = new Map([['bad', runDetail({ id: 'bad', state: 'running', error })]]);
    const environment = memoryEnvironment(workbenchWith(runs, 'failed'));
    expect(await runCommandLine(['run', project], environment, '1')).toBe(1);
    expect(environment.stdout.text).toContain('The run diverged.\n  Lower learning_rate.\n');
    expect(environment.stdout.text).toContain('palimpsest runs resume bad\n');
  }, 10_000);
});
