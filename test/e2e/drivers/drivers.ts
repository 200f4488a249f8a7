/** The drivers of this machine: every spec runs with each of them. */
import { chromiumDriver } from './chromium.ts';
import type { Driver } from './driver.ts';
import { electronDriver, electronPath } from './electron.ts';

export const drivers: readonly Driver[] =
  electronPath() === undefined ? [chromiumDriver] : [chromiumDriver, electronDriver];
