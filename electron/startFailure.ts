/** What a person sees when the program cannot start. */
import { reportError } from '../core/base/errors.ts';
import type { ElectronApi } from './api.ts';

const EXIT_CODE = 1;

/** Shows why, and ends the program. */
export function showFailure(
  { app, dialog }: Pick<ElectronApi, 'app' | 'dialog'>,
  error: unknown,
): void {
  const { message, hint } = reportError(error);
  // Before the app is ready Linux writes it to standard error.
  dialog.showErrorBox('Palimpsest could not be started', `${message}\n\n${hint}`);
  app.exit(EXIT_CODE);
}

/** The same where there is no window. */
export function printFailure({ app }: Pick<ElectronApi, 'app'>, error: unknown): void {
  const { message, hint } = reportError(error);
  process.stderr.write(`Error: Palimpsest could not be started: ${message}\n${hint}\n`);
  app.exit(EXIT_CODE);
}
