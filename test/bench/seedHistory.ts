/**
 * Makes a home folder with 10,000 runs and 5 million metric points:
 *   node test/bench/seedHistory.ts FOLDER [RUNS POINTS]
 */
import { existsSync } from 'node:fs';
import { homeAt, prepareHome } from '../../core/workbench/home.ts';
import { FULL_HISTORY, seedHistory } from '../fixtures/seedHistory.ts';

const [folder, runs, points] = process.argv.slice(2);
if (folder === undefined || existsSync(homeAt(folder).database)) {
  process.stderr.write('Name a folder that holds no history yet.\n');
  process.exitCode = 2;
} else {
  const { database } = await prepareHome(folder);
  const seeded = seedHistory(database, {
    ...FULL_HISTORY,
    ...(runs === undefined ? {} : { runs: Number(runs) }),
    ...(points === undefined ? {} : { points: Number(points) }),
  });
  process.stdout.write(`${JSON.stringify(seeded)}\n`);
}
