/** Errors as they come from a host, and the few that only a window can meet. */

/** The form of core/base/errors.ts: a bug has a stack, what a person can cause has none. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly stack?: string | undefined;
}

/** What a call is rejected with. */
export class WorkbenchError extends Error {
  readonly code: string;
  readonly hint: string;
  /** Of the process that failed; only for bugs. */
  readonly remoteStack: string | undefined;

  constructor(report: ErrorReport) {
    super(report.message);
    this.name = 'WorkbenchError';
    this.code = report.code;
    this.hint = report.hint;
    this.remoteStack = report.stack;
  }
}

/** The work was stopped by the person who began it: no reason for a notice. */
export function isAborted(error: unknown): boolean {
  return error instanceof WorkbenchError && error.code === 'call/aborted';
}

export function abortedError(): WorkbenchError {
  return new WorkbenchError({
    code: 'call/aborted',
    message: 'The work was stopped before it was done.',
    hint: 'Nothing was registered; start it again when you are ready.',
  });
}

/** `changesNothing`: the call only measures or looks, and can be made again without a thought. */
export function connectionLostError(changesNothing = false): WorkbenchError {
  return new WorkbenchError({
    code: 'connection/lost',
    message: 'The connection was lost before the answer came.',
    hint: changesNothing
      ? 'Nothing was changed: ask again.'
      : 'The work may have been done all the same: look before you repeat it.',
  });
}

export function closedError(): WorkbenchError {
  return new WorkbenchError({
    code: 'connection/closed',
    message: 'This window has ended its connection.',
    hint: 'Reload the window.',
  });
}

export function unreadableFileError(name: string): WorkbenchError {
  return new WorkbenchError({
    code: 'files/unreadable',
    message: `“${name}” cannot be read by the browser.`,
    hint: 'Check that it still exists, has not changed since it was chosen and may be read, then choose it again.',
  });
}

export function noFilesError(): WorkbenchError {
  return new WorkbenchError({
    code: 'files/none',
    message: 'There is no file in what was dropped or chosen.',
    hint: 'Choose files, or a folder that holds some.',
  });
}

export function tooManyFilesError(most: number): WorkbenchError {
  return new WorkbenchError({
    code: 'files/too-many',
    message: `There are more than ${most.toLocaleString('en-US')} files in what was dropped or chosen; none was taken.`,
    hint: 'Copy the folder to the machine that Palimpsest runs on and name its path, or join the files into one .jsonl or .csv file.',
  });
}

export function tooLargeError(bytes: number): WorkbenchError {
  return new WorkbenchError({
    code: 'request/too-large',
    message: `The request has ${bytes.toLocaleString('en-US')} bytes, more than the host takes.`,
    hint: 'Choose fewer items or a shorter text.',
  });
}

/** Any thrown value in the form that notices show. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof WorkbenchError) {
    const { code, message, hint, remoteStack: stack } = error;
    return { code, message, hint, ...(stack === undefined ? {} : { stack }) };
  }
  const failure = error instanceof Error ? error : new Error(String(error));
  return {
    code: 'window/bug',
    message: `Internal error: ${failure.message}`,
    hint: 'This is a fault in Palimpsest; please report it with the diagnostics of the System page.',
    ...(failure.stack === undefined ? {} : { stack: failure.stack }),
  };
}
