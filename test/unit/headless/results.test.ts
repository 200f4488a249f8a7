import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../core/headless/program.ts';
import { resultsCsv } from '../../../core/results/csv.ts';
import type { LambdaChoice, RunsDiff } from '../../../core/workbench/results.ts';
import { ewcChoice, paperRows, projectResults } from '../../fixtures/results.ts';
import { parseXml } from '../../fixtures/xml.ts';
import { memoryEnvironment, PreparedWorkbench } from './fakes.ts';
import type { Answers } from './fakes.ts';

async function run(args: string[], answers: Answers = {}) {
  const workbench = new PreparedWorkbench({ 'projects/list': [], ...answers });
  const environment = memoryEnvironment(workbench);
  const exitCode = await runCommandLine(args, environment, '1');
  const { stdout, stderr, homes } = environment;
  return { exitCode, out: stdout.text, error: stderr.text, workbench, homes };
}

const RESULTS = projectResults(paperRows());
const ANSWERS = { 'projects/results': RESULTS };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-results-command-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('results', () => {
  it('asks for the test split unless told otherwise', async () => {
    const { workbench } = await run(['results', 'pilot'], ANSWERS);
    expect(workbench.requests[0]).toEqual({
      name: 'projects/results',
      request: { project: 'pilot', split: 'test' },
    });
    const other = await run(['results', 'pilot', '--split', 'validation'], ANSWERS);
    expect(other.workbench.requests[0]?.request).toMatchObject({ split: 'validation' });
    expect(other.workbench.closed).toBe(true);
  });

  it('prints the format that is asked for, and nothing else on standard output', async () => {
    const out = async (...more: string[]): Promise<string> => {
      const { out: text, exitCode } = await run(['results', 'pilot', ...more], ANSWERS);
      expect(exitCode).toBe(0);
      return text;
    };
    expect(await out()).toMatch(/^Nats a masked token on the test split.*\n.*strategy +λ +n /);
    expect(await out('--format', 'csv')).toBe(resultsCsv(RESULTS));
    expect(await out('--format', 'md')).toContain('| strategy | λ | n |');
    expect(await out('--format', 'latex')).toContain('\\begin{tabular}');
    for (const json of [['--json'], ['--format', 'json'], ['--json', '--format', 'json']]) {
      expect(JSON.parse(await out(...json))).toEqual(RESULTS);
    }
  });

  const project = (id: string, name: string, choices: readonly LambdaChoice[] = []) => ({
    ...{ id, name, createdAt: '2026-11-23T18:00:00.000Z' },
    ...{ seeds: [1], runs: [], choices, expectsMore: false, error: null },
  });

  it('says that a row is still to come while its λ is not chosen', async () => {
    const made = ewcChoice();
    const candidates = made.candidates.map((one) => ({ ...one, chosen: false }));
    const open = ewcChoice({ strategy: 'rh', candidates });
    const projects = [project('project-aaaaaaaaaa', 'pilot', [made, open])];
    const { error, out } = await run(['results', 'pilot', '--format', 'csv'], {
      ...ANSWERS,
      'projects/list': projects,
    });
    expect(error).toMatch(/^RH: .*not chosen yet of .*; its row is still to come\.\n$/);
    expect(out).toBe(resultsCsv(RESULTS));
  });

  it('says which of several projects with the name is shown', async () => {
    const projects = [
      project('project-aaaaaaaaaa', 'pilot'),
      project('project-bbbbbbbbbb', 'pilot'),
    ];
    const { error } = await run(['results', 'pilot'], { ...ANSWERS, 'projects/list': projects });
    expect(error).toBe('2 projects are named "pilot"; this is project-aaaaaaaaaa.\n');
    expect((await run(['results', 'pilot'], ANSWERS)).error).toBe('');
  });

  it('of a project without completed runs says what to do', async () => {
    const empty = { 'projects/results': projectResults([], { unfinished: 3 }) };
    const { out, exitCode } = await run(['results', 'pilot'], empty);
    expect(exitCode).toBe(0);
    expect(out).toBe(
      'Project "pilot" has no completed runs yet. 3 wait or are at work: palimpsest runs list --project project-aaaaaaaaaa\n',
    );
  });
});

describe('results --plot', () => {
  it('writes the picture and leaves nothing beside it', async () => {
    const path = join(folder, 'pilot.svg');
    const { out, error, exitCode } = await run(['results', 'pilot', '--plot', path], ANSWERS);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^Nats a masked token/);
    expect(error).toBe(`Wrote ${path}.\n`);
    expect(parseXml(await readFile(path, 'utf8')).name).toBe('svg');
    expect(await readdir(folder)).toEqual(['pilot.svg']);
    // Again, over the one that is there.
    expect((await run(['results', 'pilot', '--plot', path, '--json'], ANSWERS)).exitCode).toBe(0);
    expect(await readdir(folder)).toEqual(['pilot.svg']);
  });

  it.each([
    [['--plot', 'pilot.png'], 'usage/plot-format', 'pilot.png'],
    [['--json', '--format', 'csv'], 'usage/conflicting-option', '--format csv'],
    [['--format', 'xlsx'], 'usage/invalid-argument', 'table, csv, md, latex, json'],
    [['--split', 'train'], 'usage/invalid-argument', 'test, validation'],
  ])('%j is wrong usage, told before the home folder is touched', async (more, code, sentence) => {
    const { exitCode, homes, out, error } = await run(['results', 'pilot', ...more], ANSWERS);
    expect(exitCode).toBe(2);
    expect(homes).toEqual([]);
    expect(out + error).toContain(sentence);
    const shown = await run(['results', 'pilot', ...more, '--json'], ANSWERS);
    expect(JSON.parse(shown.out)).toMatchObject({ error: { code } });
  });

  it('says where it cannot write', async () => {
    const path = join(folder, 'missing', 'pilot.svg');
    const { exitCode, error, out } = await run(['results', 'pilot', '--plot', path], ANSWERS);
    expect(exitCode).toBe(1);
    expect(error).toContain(`There is no such file or folder: ${path}.`);
    expect(out).toBe('');
  });

  it('refuses to draw nothing', async () => {
    const path = join(folder, 'empty.svg');
    const empty = { 'projects/results': projectResults([]) };
    const { exitCode, error } = await run(['results', 'pilot', '--plot', path], empty);
    expect(exitCode).toBe(1);
    expect(error).toContain('has no completed runs yet');
    expect(await readdir(folder)).not.toContain('empty.svg');
  });
});

const DIFF: RunsDiff = {
  groups: [
    { label: 'sdt', runs: [1, 2, 3].map((seed) => ({ id: `run-sdt${seed}`, seed })) },
    { label: 'ewc λ 100', runs: [1, 2].map((seed) => ({ id: `run-ewc${seed}`, seed })) },
  ],
  configuration: [
    { key: 'strategy', values: ['sdt', 'ewc'] },
    { key: 'parts.ewc.lambda', values: [null, 100] },
    { key: 'target_corpus', values: ['a91f'.repeat(16), '77c2'.repeat(16)] },
    {
      key: 'seeds',
      values: [
        [1, 2, 3],
        [1, 2],
      ],
    },
  ],
  metrics: [
    {
      ...{ role: 'source', split: 'test', name: 'source', setHash: 'a1', documents: 59 },
      losses: [
        { mean: 3.901, deviation: 0.012, count: 3 },
        { mean: 3.466, deviation: 0.008, count: 2 },
      ],
      differences: [
        { ...{ estimate: -0.435, low: -0.45, high: -0.42, p: 0.0002 }, group: 1, seeds: [1, 2] },
      ],
    },
  ],
  notComparable: [],
};

describe('runs diff', () => {
  it('shows groups, settings and losses', async () => {
    const { out, exitCode, workbench } = await run(['runs', 'diff', 'pilot/sdt', 'pilot/ewc'], {
      'runs/diff': DIFF,
    });
    expect(exitCode).toBe(0);
    expect(workbench.requests).toEqual([
      { name: 'runs/diff', request: { runs: ['pilot/sdt', 'pilot/ewc'] } },
    ]);
    expect(out).toBe(
      [
        'group      seeds    runs',
        'SDT        1, 2, 3  run-sdt1, run-sdt2, run-sdt3',
        'EWC λ 100  1, 2     run-ewc1, run-ewc2',
        '',
        'Settings that differ',
        'setting           SDT            EWC λ 100',
        'strategy          sdt            ewc',
        'parts.ewc.lambda  –              100',
        'target_corpus     a91fa91fa91f…  77c277c277c2…',
        'seeds             1, 2, 3        1, 2',
        '',
        'Losses at the end, nats a masked token, mean ± sample standard deviation over seeds; differences to SDT',
        'set          group      loss           difference     95 % interval        p  common seeds  documents',
        'source test  SDT        3.901 ± 0.012                                                              59',
        '             EWC λ 100  3.466 ± 0.008      −0.435  −0.450 to −0.420  < 0.001  1, 2',
        '',
      ].join('\n'),
    );
  });

  it('prints the reply for programs', async () => {
    const { out } = await run(['runs', 'diff', 'a', 'b', '--json'], { 'runs/diff': DIFF });
    expect(JSON.parse(out)).toEqual(DIFF);
  });

  it('says which set cannot be compared, and fails when none can', async () => {
    const reason =
      'The source test set differs: SDT was scored on a91f, EWC on 77c2, drawn from another corpus.';
    const set = { role: 'source', split: 'test', name: 'source', reason } as const;
    const partly = { ...DIFF, notComparable: [set] };
    const some = await run(['runs', 'diff', 'a', 'b'], { 'runs/diff': partly });
    expect(some.exitCode).toBe(0);
    expect(some.out).toContain(`\nNot comparable\n  ${reason}\n`);
    const none = await run(['runs', 'diff', 'a', 'b'], { 'runs/diff': { ...partly, metrics: [] } });
    expect(none.exitCode).toBe(1);
    expect(none.out).toContain('Settings that differ');
    expect(none.out).toContain(reason);
    expect(none.out).not.toContain('Losses at the end');
  });

  it('of equal settings says so', async () => {
    const equal = { ...DIFF, configuration: [] };
    const { out } = await run(['runs', 'diff', 'a', 'b'], { 'runs/diff': equal });
    expect(out).toContain('\nThe settings are equal.\n');
  });

  it('of one run is wrong usage, but one strategy may have several', async () => {
    const one = await run(['runs', 'diff', 'run-a', '--json'], { 'runs/diff': DIFF });
    expect(one.exitCode).toBe(2);
    expect(one.homes).toEqual([]);
    expect(JSON.parse(one.out)).toMatchObject({ error: { code: 'usage/one-run' } });
    expect((await run(['runs', 'diff', 'pilot/ewc'], { 'runs/diff': DIFF })).exitCode).toBe(0);
    expect((await run(['runs', 'diff'])).exitCode).toBe(2);
  });
});

describe('help', () => {
  it.each([
    [['results'], ['--split', '--format', '--plot', 'validation', 'latex']],
    [
      ['runs', 'diff'],
      ['project/strategy', 'bootstrap', 'Ends with 1'],
    ],
  ])('of %j names its options, --home and --json', async (path, mentioned) => {
    const { exitCode, out } = await run([...path, '--help']);
    expect(exitCode).toBe(0);
    expect(out).toContain(`Usage: palimpsest ${path.join(' ')}`);
    for (const word of [...mentioned, '--home <folder>', '--json']) expect(out).toContain(word);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });
});
