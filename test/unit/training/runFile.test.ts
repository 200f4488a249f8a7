import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fisherSettingsSchema } from '../../../core/strategies/fisherSettings.ts';
import { runSpecificationSchema } from '../../../core/training/configuration.ts';
import type { RunSpecification } from '../../../core/training/configuration.ts';
import { conventionsOf } from '../../../core/training/conventions.ts';
import { configurationHash, readRunFile, writeRunFile } from '../../../core/training/runFile.ts';

const specification = runSpecificationSchema.parse({
  runId: 'run-1',
  runFolder: '/home/a/runs/run-1',
  modelFolder: '/home/a/models/m',
  modelHash: 'm',
  tokenizerHash: 't',
  strategy: 'sdt',
  seed: 1,
  settings: {},
  target: { corpusId: 'c', contentHash: 'hash', shardFolder: '/home/a/corpora/c/shards' },
  evaluations: [
    {
      name: 'general',
      role: 'source',
      split: 'test',
      corpusFolder: '/home/a/corpora/s',
      path: '/home/a/evaluations/e',
      sha256: 'e',
    },
  ],
});

describe('configurationHash', () => {
  it('does not depend on names and places of files', () => {
    const moved = {
      ...specification,
      runId: 'run-2',
      runFolder: '/media/b/run-2',
      modelFolder: '/media/b/m',
      threads: 8,
      target: { ...specification.target, corpusId: 'd', shardFolder: '/media/b/shards' },
    };
    expect(configurationHash(moved)).toBe(configurationHash(specification));
  });

  it.each([
    ['seed', { ...specification, seed: 2 }],
    ['model', { ...specification, modelHash: 'other' }],
    ['corpus', { ...specification, target: { ...specification.target, contentHash: 'other' } }],
    ['setting', { ...specification, settings: { ...specification.settings, weight_decay: 0.1 } }],
    ['evaluations', { ...specification, evaluations: [] }],
  ])('changes with the %s', (_, other) => {
    expect(configurationHash(other)).not.toBe(configurationHash(specification));
  });
});

describe('configurationHash of strategies', () => {
  const rehearsal = {
    corpusId: 's',
    contentHash: 'source',
    shardFolder: '/home/a/corpora/s/shards',
    buffer: { size: 100, policy: 'uniform' },
  } as const;
  const fisher = {
    id: 'fisher-1',
    corpusHash: 'source',
    folder: '/home/a/fisher/1',
    settings: fisherSettingsSchema.parse({}),
  };
  const both: RunSpecification = {
    ...specification,
    strategy: 'rh+ewc',
    parts: {
      rh: { lambda: 1, ratio: 0.25 },
      ewc: { lambda: 100, layer_norm: true },
    },
    rehearsal,
    fisher,
  };

  it('is for a name alone what it was before strategies had parts', () => {
    expect(configurationHash(specification)).toBe(
      'de9ebfedf523eb5f9804649fa9e45a2c2958cd8979de28ed48d4c0e9051ee289',
    );
    expect(configurationHash({ ...specification, strategy: 'ndt' })).toBe(
      'bb2ec52e2ad4abdcab64fa37320edef5f69a9f0e5b46dfb1db08a06b6e41767f',
    );
  });

  it.each<[string, RunSpecification]>([
    ['λ', { ...both, parts: { ...both.parts, ewc: { lambda: 10, layer_norm: true } } }],
    ['LayerNorm', { ...both, parts: { ...both.parts, ewc: { lambda: 100, layer_norm: false } } }],
    ['rehearsal corpus', { ...both, rehearsal: { ...rehearsal, contentHash: 'other' } }],
    [
      'buffer',
      { ...both, rehearsal: { ...rehearsal, buffer: { size: 100, policy: 'by_document' } } },
    ],
    ['Fisher diagonal', { ...both, fisher: { ...fisher, id: 'fisher-2' } }],
    [
      'guard',
      {
        ...both,
        settings: { ...both.settings, forgetting_guard: { max_forgetting: 1, action: 'stop' } },
      },
    ],
  ])('changes with the %s', (_, other) => {
    expect(configurationHash(other)).not.toBe(configurationHash(both));
  });

  it('does not depend on places, nor on a source that the strategy does not use', () => {
    const moved: RunSpecification = {
      ...both,
      rehearsal: { ...rehearsal, corpusId: 'x', shardFolder: '/media/b' },
      fisher: { ...fisher, folder: '/media/b' },
      baseScoresFolder: '/media/b/scores',
    };
    expect(configurationHash(moved)).toBe(configurationHash(both));
    expect(configurationHash({ ...specification, rehearsal, fisher })).toBe(
      configurationHash(specification),
    );
  });

  it('tells points between two models apart', () => {
    const interpolation = {
      run: 'run-9',
      configurationHash: 'c',
      step: 60,
      alpha: 0.3,
      checkpointFolder: '/home/a/runs/run-9/checkpoints/step-60',
    };
    const hashes = [
      specification,
      { ...specification, interpolation },
      { ...specification, interpolation: { ...interpolation, alpha: 0.4 } },
      { ...specification, interpolation: { ...interpolation, step: 50 } },
    ].map(configurationHash);
    expect(new Set(hashes).size).toBe(4);
  });
});

describe('run.json', () => {
  const machine = { engine: 'cpu', device: 'test', threads: 1, versions: {} };

  it('says the conventions of the run', async () => {
    const runFolder = await mkdtemp(join(tmpdir(), 'palimpsest-run-'));
    await writeRunFile({ ...specification, runFolder }, machine);
    expect(readRunFile(runFolder)?.conventions).toEqual(conventionsOf(specification));
    await rm(runFolder, { recursive: true });
  });

  it('is read without conventions and parts too, as it was written before there were any', async () => {
    const runFolder = await mkdtemp(join(tmpdir(), 'palimpsest-run-'));
    const path = join(runFolder, 'run.json');
    const { conventions, ...rest } = await writeRunFile({ ...specification, runFolder }, machine);
    expect(conventions).toBeDefined();
    const { parts, ...old } = rest.specification;
    expect(parts).toEqual({});
    await writeFile(path, JSON.stringify({ ...rest, specification: old }));
    expect(readRunFile(runFolder)).toEqual(rest);
    await rm(runFolder, { recursive: true });
  });
});

describe('readRunFile', () => {
  it('is undefined where there is none, and refuses a file that is no run', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'palimpsest-run-'));
    expect(readRunFile(folder)).toBeUndefined();
    await writeFile(join(folder, 'run.json'), '{"formatVersion":');
    expect(() => readRunFile(folder)).toThrowError(
      expect.objectContaining({ code: 'run/unreadable' }),
    );
    await rm(folder, { recursive: true });
  });
});
