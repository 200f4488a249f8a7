import { expect, test } from 'vitest';
import type { WorkbenchClient, WorkbenchEvent } from '../../../core/workbench/contract.ts';
import { WorkbenchWindows } from '../../../electron/workbenchWindows.ts';
import { workSchema } from '../../../electron/workbenchMessages.ts';
import { MessageChannelMain } from '../../fixtures/electron/ports.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('an import is told of while it is at work, and a look at a file is not', async () => {
  const replies: (() => void)[] = [];
  const call = (
    name: string,
    _request: unknown,
    options?: { onProgress?: (event: WorkbenchEvent) => void },
  ): Promise<unknown> => {
    if (name === 'runs/list') return Promise.resolve([]);
    const progress = { stage: 'reading', done: 1, total: null, unit: 'documents' };
    options?.onProgress?.({ type: 'progress', call: name, ...progress });
    return new Promise((_resolve, reject) => {
      replies.push(() => {
        reject(new Error('ended'));
      });
    });
  };
  const workbench = { call, subscribe: () => () => undefined } as unknown as WorkbenchClient;
  const windows = new WorkbenchWindows(workbench, () => undefined);
  const told: unknown[] = [];
  await windows.reportWork((work) => told.push(workSchema.parse(work).calls));
  const { port1, port2 } = new MessageChannelMain();
  windows.open(port2);
  for (const [id, name] of ['corpora/preview', 'corpora/import'].entries()) {
    port1.postMessage(JSON.stringify({ id, call: name, request: {} }));
  }
  await expect.poll(() => told.at(-1)).toEqual(['the import of a corpus']);
  for (const end of replies) end();
  await expect.poll(() => told.at(-1)).toEqual([]);
  port1.close();
  await turn();
});
