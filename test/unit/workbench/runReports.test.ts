import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runSpecificationSchema } from '../../../core/training/configuration.ts';
import { EVENTS_FILE, EventLog } from '../../../core/training/eventLog.ts';
import type { NewRunEvent } from '../../../core/training/eventLog.ts';
import { RUN_FILE, writeRunFile } from '../../../core/training/runFile.ts';
import { readRunReports } from '../../../core/workbench/runReports.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-reports-'));
});
afterEach(() => rm(folder, { recursive: true }));

const NOTHING = { conventions: null, rehearsal: null, fisher: null, guard: null };

const started = (resumedFrom: number | null): NewRunEvent => ({
  ...{ type: 'started', step: resumedFrom ?? 0, resumedFrom, totalSteps: 100 },
  ...{ engine: 'cpu', device: 'test', threads: 1, versions: {} },
});
const rehearsal = (step: number, draws: number): NewRunEvent & { type: 'rehearsal' } => ({
  type: 'rehearsal',
  step,
  buffer: {
    ...{ policy: 'uniform', sequences: 10, documents: 4, tokens: 300 },
    ...{ corpusSequences: 20, corpusDocuments: 5, draws, fewestRepeats: 0, mostRepeats: 1 },
  },
});
const fisher: NewRunEvent & { type: 'fisher' } = {
  type: 'fisher',
  step: 0,
  id: 'f00d',
  settings: { sequences: 10, variant: 'batch', batch_size: 5, seed: 0 },
  health: {
    ...{ sequences: 10, mean: 1, largest: 2, nearZeroShare: 0, depthSums: [1] },
    ...{ halvesCosine: 1, halvesRankCorrelation: 1 },
  },
};
const guard = { action: 'stop', nll: 3, bound: 2, keptStep: 40 } as const;

function attempt(...events: NewRunEvent[]): void {
  const log = new EventLog(folder, 'run-1');
  for (const event of events) log.append(event);
  log.close();
}

describe('what a run says of itself', () => {
  it('is nothing before it has begun, and where its folder is gone', () => {
    expect(readRunReports(folder)).toEqual(NOTHING);
    expect(readRunReports(join(folder, 'gone'))).toEqual(NOTHING);
  });

  it('is what its last attempt said, without what was superseded', () => {
    attempt(started(null), rehearsal(0, 100), fisher, { type: 'guard', step: 50, ...guard });
    expect(readRunReports(folder)).toEqual({
      ...NOTHING,
      rehearsal: rehearsal(0, 100).buffer,
      fisher: { id: fisher.id, settings: fisher.settings, health: fisher.health },
      guard: { step: 50, ...guard },
    });
    attempt(started(30), rehearsal(30, 200));
    const later = readRunReports(folder);
    expect(later.rehearsal?.draws).toBe(200);
    expect(later.fisher?.id).toBe('f00d');
    expect(later.guard).toBeNull();
  });

  it('includes the conventions in run.json', async () => {
    const specification = runSpecificationSchema.parse({
      ...{
        runId: 'run-1',
        runFolder: folder,
        modelFolder: 'm',
        modelHash: 'h',
        tokenizerHash: 't',
      },
      ...{ strategy: 'sdt', seed: 1, settings: {}, evaluations: [] },
      target: { corpusId: 'c', contentHash: 'x', shardFolder: 's' },
    });
    const machine = { engine: 'cpu', device: 'd', threads: 1, versions: {} };
    const { conventions } = await writeRunFile(specification, machine);
    expect(conventions).toBeDefined();
    expect(readRunReports(folder)).toEqual({ ...NOTHING, conventions });
  });

  it('is passed over where a file is damaged', async () => {
    attempt(started(null), fisher);
    await writeFile(join(folder, RUN_FILE), '{');
    await appendFile(
      join(folder, EVENTS_FILE),
      '{"type":"rehearsal","buffer":{}}\n{"type":"guard"',
    );
    expect(readRunReports(folder)).toMatchObject({ ...NOTHING, fisher: { id: 'f00d' } });
    await rm(join(folder, EVENTS_FILE));
    await mkdir(join(folder, EVENTS_FILE));
    expect(readRunReports(folder)).toEqual(NOTHING);
  });
});
