import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runSpecificationSchema } from '../../../core/training/configuration.ts';
import { configurationHash, readRunFile } from '../../../core/training/runFile.ts';

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
