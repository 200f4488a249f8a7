/** The demo project through a real Workbench: its material, once, and its runs in the queue. */
import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resourcePath } from '../../../core/base/resources.ts';
import type { WorkbenchClient, WorkbenchEvent } from '../../../core/workbench/contract.ts';
import { newScratch, open } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

let scratch: Scratch;
let workbench: WorkbenchClient;

beforeEach(async () => {
  scratch = await newScratch();
  workbench = await open(scratch);
});

afterEach(async () => {
  await workbench.close();
  await scratch.remove();
});

async function names(call: 'models/list' | 'corpora/list'): Promise<string[]> {
  return (await workbench.call(call, {})).map(({ name }) => name);
}

/** What a killed or stopped start left in the home folder. */
async function leftovers(): Promise<string[]> {
  return (await readdir(scratch.home)).filter((name) => name.startsWith('.tmp-'));
}

describe('demo/start', () => {
  it('imports the material, queues all strategies, and finds them again', async () => {
    const stages = new Set<string>();
    const onProgress = (event: WorkbenchEvent): void => {
      if (event.type === 'progress') stages.add(event.stage);
    };
    const started = await workbench.call('demo/start', { engine: 'cpu' }, { onProgress });
    expect(started.name).toBe('demo');
    expect(started.runs.map(({ strategy }) => strategy).sort()).toEqual([
      'ewc',
      'gem',
      'l2',
      'ndt',
      'rh',
      'sdt',
    ]);
    expect(await names('models/list')).toEqual(['demo-base']);
    expect((await names('corpora/list')).sort()).toEqual(['demo-clinical', 'demo-general']);
    expect([...stages]).toContain('generating the demo text');
    for (const { id } of started.runs) await workbench.call('runs/pause', { run: id });

    const again = await workbench.call('demo/start', { engine: 'cpu' });
    expect(again.id).toBe(started.id);
    expect(again.runs.map(({ id }) => id).sort()).toEqual(started.runs.map(({ id }) => id).sort());
    expect(await workbench.call('projects/list', {})).toHaveLength(1);
    expect(await leftovers()).toEqual([]);
  });

  it('can be stopped while it makes the material, and goes on from there', async () => {
    const stop = new AbortController();
    const onProgress = (event: WorkbenchEvent): void => {
      if (event.type === 'progress' && event.stage === 'generating the demo text') stop.abort();
    };
    await expect(
      workbench.call('demo/start', {}, { onProgress, signal: stop.signal }),
    ).rejects.toMatchObject({ code: 'call/aborted' });
    expect(await names('models/list')).toEqual(['demo-base']);
    expect(await names('corpora/list')).toEqual([]);
    expect(await workbench.call('projects/list', {})).toEqual([]);
    expect(await leftovers()).toEqual([]);
    const project = await workbench.call('demo/prepare', {});
    expect(project).toMatchObject({ name: 'demo', base_model: 'demo-base', engine: 'auto' });
    expect(await workbench.call('projects/list', {})).toEqual([]);
  });

  it('asked for twice at once makes everything once', async () => {
    const [one, other] = await Promise.all([
      workbench.call('demo/prepare', {}),
      workbench.call('demo/prepare', {}),
    ]);
    expect(one).toEqual(other);
    expect(await names('corpora/list')).toHaveLength(2);
  });

  it('takes the base model under the name that it has', async () => {
    const path = resourcePath('demo', 'base-model');
    await workbench.call('models/import', { path, name: 'mine' });
    const project = await workbench.call('demo/prepare', { engine: 'cpu' });
    expect(project).toMatchObject({ base_model: 'mine', engine: 'cpu' });
    expect(await names('models/list')).toEqual(['mine']);
  });
});
