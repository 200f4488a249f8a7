/** Projects of several strategies: shared work, choices of λ, kills in between, edits on the way. */
import { cp } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProjectSummary, WorkbenchClient } from '../../../core/workbench/contract.ts';
import type { ProjectFile } from '../../../core/workbench/projectFile.ts';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';
import { fill, newScratch, open, tinyProject } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

let template: Scratch;
let scratch: Scratch;
let workbench: WorkbenchClient;

beforeAll(async () => {
  template = await newScratch();
  const filled = await open(template);
  await fill(filled, template);
  await filled.close();
});

afterAll(() => template.remove());

beforeEach(async () => {
  scratch = await newScratch();
  await cp(template.home, scratch.home, { recursive: true });
  workbench = await open(scratch);
});

afterEach(async () => {
  await workbench.close();
  await scratch.remove();
});

const strategies = projectFileSchema.shape.strategies;

function study(overrides: Partial<ProjectFile> = {}): ProjectFile {
  return tinyProject(
    { max_steps: 6, eval_steps: 6, save_steps: 6 },
    {
      strategies: strategies.parse(['ndt', 'sdt', { ewc: { lambda: [1, 100] } }]),
      seeds: [1, 2],
      selection: { max_steps: 4, source_weight: 1 },
      fisher: { sequences: 20, variant: 'per_sequence', batch_size: 16, seed: 0 },
      ...overrides,
    },
  );
}

async function untilDone(project: string): Promise<ProjectSummary> {
  for (;;) {
    const summary = await workbench.call('projects/show', { project });
    const moving = summary.runs.some(({ state }) => state === 'queued' || state === 'running');
    if (!moving && !summary.expectsMore) return summary;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('λ with several values', () => {
  it('is tried, chosen and run with every seed, without anybody asking again', async () => {
    const first = await workbench.call('projects/run', { project: study() });
    const done = await untilDone(first.id);
    expect(done.choices).toHaveLength(1);
  }, 120_000);
});
