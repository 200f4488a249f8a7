/**
 * `npm run bench -- [--models L2,L4,L12] [--turns N] [--threads N] [--skip-packing] [--json]`:
 * training steps and corpus packing against PyTorch, transformers and tokenizers, in one run.
 * Without the Python environment, which `npm run test:interop` makes, only ours is measured.
 *
 * `npm run bench -- strategies [--models …] [--turns N] [--threads N] [--json]`: the step of every
 * strategy relative to that of simple domain tuning, and its memory.
 *
 * `npm run bench -- screens [--home FOLDER] [--parts load,runs,…] [--turns N] [--json]`: the screens with
 * a long history, in Chromium (CHROMIUM, or Debian's) against the local web host. Needs the built screens; `--home` takes
 * a home that test/bench/seedHistory.ts made.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { existingPython } from '../interop/environment.ts';
import { modelNamed, MODELS } from './models.ts';
import { measurePacking } from './packing.ts';
import { measureScreens } from './screens.ts';
import { measureStrategies } from './strategies.ts';
import type { StrategiesResult } from './strategies.ts';
import { packingTable, screensTable, strategyTable, trainingTable } from './tables.ts';
import { measureTraining } from './training.ts';
import type { TrainingResult } from './training.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    models: { type: 'string', default: MODELS.map(({ name }) => name).join() },
    turns: { type: 'string', default: '7' },
    threads: { type: 'string', default: String(availableParallelism()) },
    'skip-packing': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    home: { type: 'string' },
    parts: { type: 'string' },
  },
});
const report = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const turns = Number(options.turns);
const threads = Number(options.threads);
const python = existingPython();
const [load] = loadavg();
if (load > availableParallelism() / 4) {
  report(`Other work is running (load ${load.toFixed(1)}): the times will be too long and uneven.`);
}
const machine = { processor: cpus()[0].model, cores: availableParallelism() };
const caption =
  `${machine.processor}, ${machine.cores} cores, load ${load.toFixed(1)} at the start; ` +
  `${threads} threads for each.\n`;
const models = options.models
  .split(',')
  .filter((each) => each !== '')
  .map(modelNamed);

switch (positionals.join()) {
  case '':
    await againstOthers();
    break;
  case 'strategies':
    await ofStrategies();
    break;
  case 'screens':
    await ofScreens();
    break;
  default:
    throw new Error(
      `There is no benchmark ${positionals.join(' ')}; there are: strategies, screens.`,
    );
}

async function againstOthers(): Promise<void> {
  if (python === undefined) {
    report(
      'There is no Python environment (npm run test:interop makes it): only ours is measured.',
    );
  }
  const training: TrainingResult[] = [];
  for (const model of models) {
    training.push(await measureTraining(model, { threads, turns, python, report }));
  }
  const packing = options['skip-packing']
    ? undefined
    : await measurePacking({ turns: Math.min(turns, 3), python, report });
  if (packing === undefined && !options['skip-packing']) {
    report('Packing is not measured: the shared data is not beside the checkout.');
  }
  if (options.json) {
    console.log(JSON.stringify({ machine, load, training, packing: packing ?? null }, null, 2));
    return;
  }
  console.log(caption);
  if (training.length > 0) console.log(trainingTable(training));
  if (packing !== undefined) console.log(packingTable(packing));
}

async function ofStrategies(): Promise<void> {
  const strategies: StrategiesResult[] = [];
  for (const model of models) {
    strategies.push(await measureStrategies(model, { threads, turns, report }));
  }
  if (options.json) console.log(JSON.stringify({ machine, load, strategies }, null, 2));
  else console.log(`${caption}\n${strategyTable(strategies)}`);
}

async function ofScreens(): Promise<void> {
  const screens = await measureScreens({
    home: options.home,
    parts: options.parts?.split(','),
    repetitions: turns,
    report,
  });
  if (options.json) {
    console.log(JSON.stringify({ machine, load, loadAfter: loadavg()[0], screens }, null, 2));
    return;
  }
  const { processor, cores } = machine;
  const loads = `load ${load.toFixed(1)} at the start, ${loadavg()[0].toFixed(1)} at the end`;
  console.log(`${processor}, ${cores} cores, ${loads}.\n\n${screensTable(screens)}`);
}
