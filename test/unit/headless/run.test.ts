import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../core/headless/program.ts';
import { followRuns } from '../../../core/headless/follow.ts';
import type {
  ProjectSummary,
  RunDetail,
  StartedProject,
} from '../../../core/workbench/contract.ts';
import { parseProjectFile } from '../../../core/workbench/readProjectFile.ts';
import { runSummarySchema } from '../../../core/workbench/contract.ts';
import { ewcChoice, projectResults, row } from '../../fixtures/results.ts';
import { memoryEnvironment, PreparedWorkbench, runDetail } from './fakes.ts';
import type { Answers } from './fakes.ts';

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

  /** Tells of the runs' states soon after each look, as a Workbench does when they change. */
  function movingWorkbench(runs: () => RunDetail[], answers: Answers): PreparedWorkbench {
    const look = answers['projects/show'] as (request: unknown) => unknown;
    const workbench = new PreparedWorkbench({
      ...answers,
      'projects/show': (request: unknown) => {
        setTimeout(() => {
          for (const run of runs()) {
            workbench.publish({ type: 'run/state', run: runSummarySchema.parse(run) });
          }
        }, 5);
        return look(request);
      },
    });
    return workbench;
  }

  /** Runs that move by what is asked of them: a look at a running one brings it to its end. */
  function workbenchWith(
    runs: Map<string, RunDetail>,
    ends: RunDetail['state'] = 'completed',
    notices: readonly string[] = [],
  ) {
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
    const summary = () => ({
      id: 'project-1',
      name: 'pilot',
      createdAt: '2026-11-23T18:00:00.000Z',
      runs: [...runs.values()].map((run) => runSummarySchema.parse(run)),
      seeds: [1],
      choices: [],
      expectsMore: false,
      error: null,
      notices,
    });
    return movingWorkbench(() => [...runs.values()], {
      'runs/list': [runSummarySchema.parse(runDetail({ id: 'of-another-project' }))],
      'projects/run': summary,
      'projects/show': () => {
        looks++;
        for (const run of runs.values()) {
          if (run.state === 'running' && looks > 1) change({ run: run.id }, ends);
          else if (run.state === 'queued') change({ run: run.id }, 'running');
        }
        return summary();
      },
      'projects/results': projectResults([row('ndt', 0, 0), row('sdt', 0.5, 1.75)]),
      'runs/show': get,
      'runs/resume': (request: unknown) => change(request, 'queued'),
      'runs/pause': (request: unknown) => change(request, 'paused'),
    });
  }

  it('shows a project file that is one', async () => {
    const environment = memoryEnvironment(new PreparedWorkbench({}));
    await runCommandLine(['run', '--help'], environment, '1');
    const [, example = ''] =
      /A project file, as YAML or JSON:\n([^]*?)\n\n/.exec(environment.stdout.text) ?? [];
    const parsed = parseProjectFile(example, 'help.yaml');
    expect(parsed.strategies).toContainEqual({
      ewc: { lambda: [10, 100, 1000], layer_norm: true },
    });
    expect(parsed.strategies.at(-1)).toMatchObject({ rh: { lambda: 0.5 }, lwf: { lambda: 1 } });
  });

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
      results: { rows: unknown[] };
    };
    expect(document.results.rows).toHaveLength(2);
    expect(document.runs.map(({ id, state }) => [id, state])).toEqual([
      ['done', 'completed'],
      ['half', 'completed'],
      ['given-up', 'cancelled'],
    ]);
    expect(document.runs[1].evaluations).toHaveLength(4);
    // A cancelled run is not done.
    expect(exitCode).toBe(1);
  });

  it('sends the file with the engine of the command line', async () => {
    const workbench = workbenchWith(new Map([['done', runDetail({ id: 'done' })]]));
    const environment = memoryEnvironment(workbench);
    const exitCode = await runCommandLine(['run', project, '--engine', 'cpu'], environment, '1');
    expect(exitCode).toBe(0);
    expect(workbench.requests[1]).toMatchObject({
      name: 'projects/run',
      request: { project: { name: 'pilot', engine: 'cpu', seeds: [1] } },
    });
    expect(environment.stdout.text).toMatch(/SDT +1 +3\.912 +2\.358 +\+0\.500 +\+1\.750/);
    expect(workbench.requests.at(-1)).toEqual({
      name: 'projects/results',
      request: { project: 'project-1', split: 'test' },
    });
  });

  it('says at once what happened besides', async () => {
    const notice = 'A new project "pilot" was begun.';
    const runs = new Map([['done', runDetail({ id: 'done' })]]);
    const workbench = workbenchWith(runs, 'completed', [notice]);
    const environment = memoryEnvironment(workbench);
    expect(await runCommandLine(['run', project, '--json'], environment, '1')).toBe(0);
    expect(environment.stderr.text).toContain(`${notice}\n`);
    expect(JSON.parse(environment.stdout.text)).toMatchObject({ notices: [notice] });
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
  });

  const open = ewcChoice();
  for (const candidate of open.candidates) Object.assign(candidate, { chosen: false });
  const sweep = runDetail({ id: 'sweep', strategy: 'ewc', purpose: 'sweep', state: 'running' });
  const chosen = runDetail({ id: 'chosen', strategy: 'ewc', state: 'running' });

  type FollowedProject = Omit<StartedProject, 'runs'> & { runs: RunDetail[] };

  /**
   * A project whose looks are given one by one; the last one stays. With `advanced` nothing is heard of
   * it until it is told to go on.
   */
  function projectOf(looks: Partial<FollowedProject>[], advanced?: Partial<FollowedProject>) {
    let current: FollowedProject = {
      ...{ id: 'project-1', name: 'pilot', createdAt: '2026-11-23T18:00:00.000Z' },
      ...{
        seeds: [1],
        runs: [sweep],
        choices: [open],
        expectsMore: true,
        error: null,
        notices: [],
      },
    };
    const byId = (request: unknown): unknown => {
      const { run } = request as { run: string };
      return current.runs.find(({ id }) => id === run) ?? new Error(run);
    };
    return movingWorkbench(() => (advanced === undefined ? current.runs : []), {
      'runs/list': [],
      'projects/run': () => current,
      'projects/show': () => (current = { ...current, ...looks.shift() }),
      'projects/advance': () => (current = { ...current, ...advanced }),
      'projects/results': projectResults([row('sdt', 0.5, 1.75)]),
      'runs/show': byId,
      'runs/pause': (request: unknown) => {
        const runs = current.runs.map((run) =>
          run.id === (request as { run: string }).run ? { ...run, state: 'paused' as const } : run,
        );
        current = { ...current, runs, expectsMore: false };
        return byId(request);
      },
    });
  }

  it('follows the runs that a choice leads to, and tells of the choice', async () => {
    const tried = { ...sweep, state: 'completed' as const };
    const workbench = projectOf([
      {},
      { runs: [tried, chosen], choices: [ewcChoice()], expectsMore: false },
      { runs: [tried, { ...chosen, state: 'completed' }] },
    ]);
    const environment = memoryEnvironment(workbench);
    expect(await runCommandLine(['run', project, '--json'], environment, '1')).toBe(0);
    const told = environment.stderr.text.match(
      /EWC: λ 100 chosen of 10, 100, 1,000 on validation/g,
    );
    expect(told).toHaveLength(1);
    const document = JSON.parse(environment.stdout.text) as {
      runs: RunDetail[];
      choices: unknown[];
    };
    expect(document.runs.map(({ id }) => id)).toEqual(['sweep', 'chosen']);
    expect(document.choices).toEqual([ewcChoice()]);
  });

  it('says that λ waits for a candidate that failed, and ends with 1', async () => {
    const failed = { ...sweep, state: 'failed' as const };
    const workbench = projectOf([{}, { runs: [failed], expectsMore: false }]);
    const environment = memoryEnvironment(workbench);
    expect(await runCommandLine(['run', project], environment, '1')).toBe(1);
    expect(environment.stdout.text).toContain(
      'EWC: λ not chosen yet of 10, 100, 1,000 on validation, 300 steps, seed 1.\n',
    );
    expect(environment.stdout.text).toContain('EWC seed 1, to choose λ (sweep) failed at step');
    expect(workbench.requests.filter(({ name }) => name === 'projects/run')).toHaveLength(1);
  });

  it('does not try a value again that diverged, and is done when another one is chosen', async () => {
    const error = { code: 'training/diverged', message: 'It diverged.', hint: 'Lower it.' };
    const failed = { ...sweep, state: 'failed' as const, step: 30, error };
    const won = { ...chosen, state: 'completed' as const };
    const workbench = projectOf([
      { runs: [failed, won], choices: [ewcChoice()], expectsMore: false },
      {},
    ]);
    const environment = memoryEnvironment(workbench);
    const given = workbench.call('projects/show', { project: 'project-1' });
    expect((await given).runs).toHaveLength(2);
    expect(await runCommandLine(['run', project], environment, '1')).toBe(0);
    expect(workbench.requests.filter(({ name }) => name === 'runs/resume')).toEqual([]);
    expect(environment.stdout.text).not.toContain('failed');
  });

  it('says what to do when every value diverged', async () => {
    const failure = { message: 'It diverged.', isFinal: true };
    const candidates = open.candidates.map((one) => ({ ...one, objective: null, failure }));
    const workbench = projectOf([
      { runs: [], choices: [{ ...open, candidates }], expectsMore: false },
    ]);
    const environment = memoryEnvironment(workbench);
    expect(await runCommandLine(['run', project], environment, '1')).toBe(1);
    expect(environment.stdout.text).toContain(
      '  All values of EWC diverged, so that none is chosen.',
    );
  });

  it('says what stopped the project from going on by itself', async () => {
    const tried = { ...sweep, state: 'completed' as const };
    const error = { code: 'x', message: 'The disk is full.', hint: 'Free some space.' };
    const workbench = projectOf([{}, { runs: [tried], expectsMore: false, error }]);
    const environment = memoryEnvironment(workbench);
    expect(await runCommandLine(['run', project], environment, '1')).toBe(1);
    expect(environment.stdout.text).toContain(
      'The project could not go on by itself. The disk is full.\n  Free some space.\n',
    );
    expect(workbench.requests.map(({ name }) => name)).not.toContain('projects/advance');
  });

  it('goes on where the owner did not, and gives the file only once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const tried = { ...sweep, state: 'completed' as const };
      const workbench = projectOf([{ runs: [tried] }], {
        runs: [tried, { ...chosen, state: 'completed' as const }],
        choices: [ewcChoice()],
        expectsMore: false,
      });
      const ended = runCommandLine(['run', project], memoryEnvironment(workbench), '1');
      let isRunning = true;
      void ended.finally(() => (isRunning = false));
      while (isRunning) {
        await vi.advanceTimersByTimeAsync(1000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await ended).toBe(0);
      const asked = workbench.requests.filter(({ name }) => /^projects\/(run|advance)$/.test(name));
      expect(asked.map(({ name }) => name)).toEqual(['projects/run', 'projects/advance']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('pauses the sweep on Ctrl-C and expects nothing more', async () => {
    const workbench = projectOf([]);
    const environment = memoryEnvironment(workbench);
    environment.interrupt();
    expect(await runCommandLine(['run', project], environment, '1')).toBe(130);
    expect(environment.stdout.text).toContain('palimpsest runs resume sweep\n');
  });

  it('shows no state that is older than one it was told of', async () => {
    const queued = runDetail({ id: 'one', state: 'queued' });
    const workbench = new PreparedWorkbench({});
    const looks: (() => RunDetail)[] = [
      () => queued,
      () => {
        // The run starts while the answer is on its way.
        const run = runSummarySchema.parse({ ...queued, state: 'running' });
        workbench.publish({ type: 'run/state', run });
        return queued;
      },
      () => ({ ...queued, state: 'completed' }),
    ];
    const look = async () => {
      const runs = looks.shift()?.() ?? queued;
      return { runs: [runs], choices: [], expectsMore: false };
    };
    const environment = memoryEnvironment(workbench);
    await followRuns(workbench, look, environment, new AbortController().signal, 1);
    expect(environment.stderr.text).toBe('SDT seed 1: running\nSDT seed 1: completed\n');
  });

  it('asks again when the runs that are expected do not come', async () => {
    const tried = { ...sweep, state: 'completed' as const };
    let looks = 0;
    const workbench = projectOf([{ runs: [tried] }]);
    const look = async (): Promise<ProjectSummary> => {
      looks++;
      return workbench.call('projects/show', { project: 'project-1' });
    };
    const signal = new AbortController().signal;
    const followed = await followRuns(workbench, look, memoryEnvironment(workbench), signal, 1);
    expect(followed).toMatchObject({ interrupted: false, stalled: true });
    expect(looks).toBeGreaterThan(3);
  });
});
