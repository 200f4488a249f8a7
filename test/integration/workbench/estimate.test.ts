/** Estimates through a whole Workbench: a real probe in a process of its own, which leaves nothing. */
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkbenchClient } from '../../../core/workbench/contract.ts';
import { startNodeProcess } from '../../../core/workbench/hostProcess.ts';
import type { StartProcess } from '../../../core/workbench/hostProcess.ts';
import type { ProjectFile } from '../../../core/workbench/projectFile.ts';
import { fill, newScratch, open, tinyProject, waitForState } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

let scratch: Scratch;
let workbench: WorkbenchClient;
let probePids: number[];

beforeAll(async () => {
  scratch = await newScratch();
  probePids = [];
  const startProcess: StartProcess = (entry, args) => {
    const started = startNodeProcess(entry, args);
    if (args.includes('projects/probe') && started.pid !== undefined) probePids.push(started.pid);
    return started;
  };
  workbench = await open(scratch, { startProcess });
  await fill(workbench, scratch);
});

afterAll(async () => {
  await workbench.close();
  await scratch.remove();
});

const EVERY_KIND: Partial<ProjectFile> = {
  strategies: ['ndt', 'sdt', 'rh', 'l2', 'ewc', 'gem', 'lwf'],
  seeds: [1, 2],
  fisher: { sequences: 40, variant: 'per_sequence', batch_size: 16, seed: 0 },
};

/** Every file of the home folder but the database's own. */
async function files(): Promise<string[]> {
  const all = await readdir(scratch.home, { recursive: true });
  return all.filter((path) => !path.startsWith('workbench.sqlite')).sort();
}

describe('an estimate', () => {
  it('tells of every strategy and of what is done once, and leaves nothing', async () => {
    const before = await files();
    const project = tinyProject({}, EVERY_KIND);
    const estimate = await workbench.call('projects/estimate', { project });
    expect(await files()).toEqual(before);
    expect(await workbench.call('projects/list', {})).toEqual([]);

    const rows = estimate.strategies.map(({ strategy, runs }) => [strategy, runs.results]);
    expect(rows).toEqual([
      ['ndt', 1],
      ...['sdt', 'rh', 'l2', 'ewc', 'gem', 'lwf'].map((name) => [name, 2]),
    ]);
    for (const { strategy, secondsPerStep, seconds, steps } of estimate.strategies) {
      expect(secondsPerStep === null).toBe(strategy === 'ndt');
      expect(steps.expected).toBe(strategy === 'ndt' ? 0 : 30);
      expect(seconds.low).toBeLessThanOrEqual(seconds.expected);
      expect(seconds.expected).toBeLessThanOrEqual(seconds.high);
    }
    expect(estimate.shared.map(({ kind, corpus, isThere }) => [kind, corpus, isThere])).toEqual([
      ['tokens', 'notes', false],
      ['tokens', 'wiki', false],
      ['frozen sets', 'wiki', false],
      ['frozen sets', 'notes', false],
      ['base scores', null, false],
      ['Fisher diagonal', 'wiki', false],
    ]);
    expect(estimate.runs).toEqual({ results: 13, choosing: 0, done: 0 });
    expect(estimate.engine).toBe('cpu');
    // Of five kinds at least one round each, with a step of plain tuning beside.
    expect(estimate.probe.steps).toBeGreaterThanOrEqual(2 * 5);
    expect(estimate.tokensPerSecond).toBeGreaterThan(0);
    expect(estimate.memory.peak.expected).toBeGreaterThan(1e7);
    expect(estimate.warnings).toEqual([]);
  });

  it('counts the steps of epochs as a run does once its corpus is tokenised', async () => {
    const project = tinyProject({ num_train_epochs: 2 }, { name: 'epochs' });
    const { max_steps: _, ...training } = project.training;
    const epochs = { ...project, training };
    const guess = await workbench.call('projects/estimate', { project: epochs });
    const { runs } = await workbench.call('projects/run', { project: epochs });
    const [run] = runs;
    await waitForState(workbench, run?.id ?? '', 'completed');
    const { totalSteps } = await workbench.call('runs/show', { run: run?.id ?? '' });
    // The sample holds the whole of this small corpus, so that the guess is a count.
    expect(guess.strategies[0]?.steps).toEqual({
      expected: totalSteps,
      low: totalSteps,
      high: totalSteps,
    });

    const again = await workbench.call('projects/estimate', { project: epochs });
    expect(again.runs).toEqual({ results: 0, choosing: 0, done: 1 });
    expect(again.shared.map(({ kind, isThere }) => [kind, isThere])).toEqual([
      ['tokens', true],
      ['frozen sets', true],
      ['frozen sets', true],
      ['base scores', true],
    ]);
    expect(again.seconds.high).toBe(0);

    // Scores of other threads differ in the last digits, so a run would not take them.
    const threads = availableParallelism() + 1;
    const other = await workbench.call('projects/estimate', { project: { ...epochs, threads } });
    expect(other.shared.find(({ kind }) => kind === 'base scores')?.isThere).toBe(false);
  });

  it('refuses what a run refuses, in the same words', async () => {
    const wrong: [string, ProjectFile][] = [
      ['model', tinyProject({}, { base_model: 'none' })],
      ['corpus', tinyProject({}, { target_corpus: 'none' })],
      ['same corpus', tinyProject({}, { source_corpus: 'notes' })],
      ['length', tinyProject({ max_seq_length: 4096 })],
      ['engine', tinyProject({}, { engine: 'tensorflow', name: 'other engine' })],
    ];
    const messageOf = async (
      call: 'projects/run' | 'projects/estimate',
      project: ProjectFile,
    ): Promise<unknown> =>
      workbench.call(call, { project }).then(
        () => 'no error',
        ({ code, message, hint }: { code: string; message: string; hint: string }) => ({
          code,
          message,
          hint,
        }),
      );
    for (const [what, project] of wrong) {
      const refused = await messageOf('projects/run', project);
      expect(await messageOf('projects/estimate', project), what).toEqual(refused);
      expect(refused, what).not.toBe('no error');
    }
  });

  it.each(['stopped', 'killed'])('leaves nothing when it is %s', async (how) => {
    const before = await files();
    const stop = new AbortController();
    const project = tinyProject({}, { ...EVERY_KIND, name: 'cut short' });
    const asked = workbench.call(
      'projects/estimate',
      { project },
      {
        signal: stop.signal,
        onProgress: (event) => {
          if (event.type !== 'progress' || event.stage !== 'timing steps') return;
          if (how === 'stopped') stop.abort();
          else process.kill(probePids.at(-1) ?? 0, 'SIGKILL');
        },
      },
    );
    const code = how === 'stopped' ? 'call/aborted' : 'job/died';
    await expect(asked).rejects.toMatchObject({ code });
    expect(await files()).toEqual(before);
    expect(() => process.kill(probePids.at(-1) ?? 0, 0)).toThrow('ESRCH');
  });
});
