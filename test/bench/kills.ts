/** `node test/bench/kills.ts [--kills 20] [--seed 1]`: kills runs at random moments and compares how they end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tinyTraining } from '../fixtures/tinyTraining.ts';
import { killAndResume } from '../integration/training/killing.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '120' },
  },
});
const folder = await mkdtemp(join(tmpdir(), 'palimpsest-kills-'));
try {
  const { specify } = await tinyTraining(folder);
  const settings = { max_steps: Number(values.steps), save_steps: 10, eval_steps: 100 };
  let number = 0;
  const trial = await killAndResume(
    (name) => specify(name, settings),
    Number(values.kills),
    Number(values.seed),
    (report) => {
      console.log(
        `${++number}. ${report.kind}, after ${report.after.toFixed(1)} s at step ${report.lastStep}` +
          `${report.insideCheckpoint ? ', inside a checkpoint' : ''}; resumed from ` +
          `${report.resumedFrom ?? 'the start'}; ${report.identical ? 'identical' : 'DIFFERENT'}`,
      );
    },
  );
  const identical = trial.reports.filter((report) => report.identical).length;
  const inside = trial.reports.filter((report) => report.insideCheckpoint).length;
  console.log(
    `Untouched run: ${trial.steps} steps in ${trial.seconds.toFixed(1)} s, weights ${trial.weightsSha256}.\n` +
      `${identical} of ${trial.reports.length} killed runs ended with the same weights; ` +
      `${inside} kills left a half-written checkpoint.`,
  );
  if (identical !== trial.reports.length) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
