/** The machine does not fall asleep under a run. */
import type { ElectronApi } from './api.ts';
import type { WorkbenchHost } from './workbenchHost.ts';

export function setupPowerSave(
  { powerSaveBlocker }: Pick<ElectronApi, 'powerSaveBlocker'>,
  workbench: WorkbenchHost,
): void {
  let blocker: number | undefined;
  workbench.onWork(({ running }) => {
    if (running.length > 0) {
      // The screen may go dark.
      blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    } else if (blocker !== undefined) {
      powerSaveBlocker.stop(blocker);
      blocker = undefined;
    }
  });
}
