import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDetail, RunSummary } from '../../../core/workbench/contract.ts';
import { spawnCli } from './spawnCli.ts';

/** Generous, because this is the whole main job and other tests run beside it. */
const TIMEOUT = 1_200_000;

interface DemoDocument {
  readonly rows: readonly {
    readonly strategy: string;
    readonly sourceNll: number;
    readonly targetNll: number;
    readonly forgetting: number;
    readonly gain: number;
  }[];
  readonly runs: readonly RunDetail[];
  readonly interrupted: boolean;
}

describe('the demo', () => {
  let home = '';
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'palimpsest-demo-test-'));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  it(
    'can be interrupted, resumed by run, and shows that tuning gains and forgets',
    { timeout: TIMEOUT },
    async () => {
      let sent = false;
      const stopped = await spawnCli(['demo', '--home', home, '--json'], {
        onStderr(text, interrupt) {
          if (sent || !text.includes('SDT seed 1: before, target test')) return;
          sent = true;
          interrupt();
        },
      });
      expect(stopped.exitCode, stopped.stderr).toBe(130);
      expect((JSON.parse(stopped.stdout) as DemoDocument).interrupted).toBe(true);

      const listed = await spawnCli(['runs', 'list', '--home', home, '--json']);
      const runs = JSON.parse(listed.stdout) as RunSummary[];
      const paused = runs.find(({ strategy }) => strategy === 'sdt');
      expect(paused?.state).toBe('paused');

      const resumed = await spawnCli(['runs', 'resume', paused?.id ?? '', '--home', home]);
      expect(resumed.exitCode, resumed.stderr).toBe(0);
      expect(resumed.stdout).toMatch(/^ +state +completed$/m);

      const again = await spawnCli(['demo', '--home', home, '--json']);
      expect(again.exitCode, again.stderr).toBe(0);
      const { rows, runs: finished } = JSON.parse(again.stdout) as DemoDocument;
      // What was finished is shown, not done again.
      expect(finished.map(({ id }) => id).sort()).toEqual(runs.map(({ id }) => id).sort());
      const [ndt, sdt, ...kept] = rows;
      const strategies = ['ndt', 'sdt', 'rh', 'l2', 'ewc', 'gem'];
      expect(rows.map(({ strategy }) => strategy)).toEqual(strategies);
      expect([ndt.forgetting, ndt.gain]).toEqual([0, 0]);
      expect(sdt.gain).toBeGreaterThan(0.5);
      expect(sdt.forgetting).toBeGreaterThan(0.5);
      expect(sdt.targetNll).toBeCloseTo(ndt.targetNll - sdt.gain, 10);
      expect(sdt.sourceNll).toBeCloseTo(ndt.sourceNll + sdt.forgetting, 10);
      // What the demo is there to show: SDT forgets most, and RH, L2 and EWC take half of it back.
      for (const { strategy, forgetting, gain } of kept) {
        const most = strategy === 'gem' ? sdt.forgetting : sdt.forgetting / 2;
        expect(forgetting, strategy).toBeLessThan(most);
        expect(gain, strategy).toBeGreaterThan(0.5);
      }
    },
  );
});
