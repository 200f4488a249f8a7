/** How a command that cannot be done says so, on a screen and as a document. */
import type { Command, CommanderError } from 'commander';
import { reportError, UserError } from '../base/errors.ts';
import type { ErrorReport } from '../base/errors.ts';

export const FAILED_EXIT_CODE = 1;
export const USAGE_EXIT_CODE = 2;
/** What shells expect of a program that ended on Ctrl-C. */
export const INTERRUPTED_EXIT_CODE = 130;

/** The command line itself is wrong: an unknown command or option, a missing argument. */
export class UsageError extends UserError {}

/** Commander's "error: unknown option '--nam'\n(Did you mean --name?)" as one of ours. */
export function usageError(error: CommanderError, command: Command): UsageError {
  if (error.code === 'commander.help') {
    // Commander has shown the commands of this group already.
    const sentence = `"${pathOf(command)}" needs a command.`;
    const names = command.commands.map((child) => child.name()).join(', ');
    return new UsageError('usage/missing-command', sentence, `Its commands are ${names}.`);
  }
  const [first, ...rest] = error.message.replace(/^error: /, '').split('\n');
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1).replace(/\.$/, '')}.`;
  const meant = /\((Did you mean [^)]*)\)/.exec(rest.join(' '))?.[1];
  const help = `See "${pathOf(command)} --help".`;
  const code = `usage/${error.code.replace(/^commander\./, '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return new UsageError(code, sentence, meant === undefined ? help : `${meant} ${help}`);
}

export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return USAGE_EXIT_CODE;
  const isStopped = error instanceof UserError && error.code === 'call/aborted';
  return isStopped ? INTERRUPTED_EXIT_CODE : FAILED_EXIT_CODE;
}

/** The document that `--json` prints for an error; the stack stays out of it. */
export function errorDocument(error: unknown): { error: ErrorReport } {
  const { code, message, hint } = reportError(error);
  return { error: { code, message, hint } };
}

/** Two lines for people; a bug also shows where it happened, so that it can be reported. */
export function errorText(error: unknown): string {
  const { message, hint, stack } = reportError(error);
  return `Error: ${message}\n${hint}\n${stack === undefined ? '' : `${stack}\n`}`;
}
