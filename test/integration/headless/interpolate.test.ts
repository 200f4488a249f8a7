/** `palimpsest interpolate` as a person calls it: a process of its own on a home folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fill, newScratch, open, tinyProject, waitForState } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';
import { spawnCli } from './spawnCli.ts';

let scratch: Scratch;
let base = '';
let tuned = '';
beforeAll(async () => {
  scratch = await newScratch();
  const workbench = await open(scratch);
  await fill(workbench, scratch);
  const project = tinyProject({}, { strategies: ['ndt', 'sdt'] });
  const { runs } = await workbench.call('projects/run', { project });
  for (const { id } of runs) await waitForState(workbench, id, 'completed');
  [base = '', tuned = ''] = runs.map(({ id }) => id);
  await workbench.close();
}, 300_000);
afterAll(() => scratch.remove());

interface Points {
  readonly run: string;
  readonly points: readonly {
    readonly alpha: number;
    readonly run: string;
    readonly state: string;
    readonly forgetting: number;
    readonly gain: number;
  }[];
}

describe('palimpsest interpolate', () => {
  it('makes points, finds them again, and they can be exported', async () => {
    const args = ['interpolate', tuned, '--alpha', '0', '--alpha', '0.5', '--home', scratch.home];
    const made = await spawnCli([...args, '--json']);
    expect(made.exitCode, made.stderr).toBe(0);
    const { run, points } = JSON.parse(made.stdout) as Points;
    expect(run).toBe(tuned);
    expect(points.map(({ alpha, state }) => [alpha, state])).toEqual([
      [0, 'completed'],
      [0.5, 'completed'],
    ]);
    expect(points[0]).toMatchObject({ forgetting: 0, gain: 0 });
    expect(points[1]?.gain).toBeGreaterThan(0);
    expect(made.stderr).toMatch(/^SDT α 0\.5 seed 1: after, target test [0-9.]+ nats a token$/m);

    const again = await spawnCli(args);
    expect(again.exitCode, again.stderr).toBe(0);
    for (const { run: id } of points) expect(again.stdout).toContain(`palimpsest export ${id} `);
    const listed = await spawnCli(['runs', 'list', '--home', scratch.home]);
    expect(listed.stdout.trimEnd().split('\n')).toHaveLength(1 + 4);
    expect(listed.stdout).toMatch(/ SDT α 0\.5 +1 +completed +30 of 30 /);

    const folder = join(scratch.inputs, 'between');
    const written = await spawnCli([
      ...['export', points[1]?.run ?? '', folder],
      ...['--home', scratch.home],
    ]);
    expect(written.exitCode, written.stderr).toBe(0);
    expect(existsSync(join(folder, 'model.safetensors'))).toBe(true);
  });

  it('refuses the base model with a reason', async () => {
    const { exitCode, stdout } = await spawnCli([
      ...['interpolate', base, '--alpha', '0.5', '--json'],
      ...['--home', scratch.home],
    ]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'run/not-tuned' } });
  });
});
