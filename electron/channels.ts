/**
 * Names of the messages between a window and the main process. The preload is a file of its own that
 * can import nothing: it repeats them, and the compiler holds both equal.
 */
export const CHANNELS = {
  /** Window → main: a line to the Workbench is wanted; with the number of the attempt. */
  connect: 'workbench/connect',
  /** Main → window: attempt, and the port. */
  line: 'workbench/line',
  /** Main → window: attempt, or null for whatever line there is, and why. */
  closed: 'workbench/closed',
  /** Window → main, answered: the system's dialog. */
  choosePaths: 'files/choose',
  /** Main → window: the id of a command of the menu. */
  command: 'menu/command',
} as const;
export type Channels = typeof CHANNELS;
