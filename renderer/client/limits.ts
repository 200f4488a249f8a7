/**
 * Constants of core/workbench/protocol.ts. They are repeated because that file carries its schemas
 * along, which a window does not need: the host checks what passes. A test holds both equal.
 */
export const WORKBENCH_PATH = '/workbench';
export const LARGEST_REQUEST_BYTES = 1 << 20;
export const MOST_CALLS_AT_WORK = 64;

/** Calls back once after so many milliseconds, unless the returned function is called before. */
export type After = (milliseconds: number, callback: () => void) => () => void;

export const afterTimeout: After = (milliseconds, callback) => {
  const timer = setTimeout(callback, milliseconds);
  return () => {
    clearTimeout(timer);
  };
};
