/**
 * Errors that a person can cause are values: a stable code, one sentence (what and where) and a
 * hint (what to do next). Everything else that is thrown is a bug and is reported with its stack.
 */
export class UserError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, sentence: string, hint: string, options?: { cause?: unknown }) {
    super(sentence, options);
    this.name = 'UserError';
    this.code = code;
    this.hint = hint;
  }

  toJSON(): ErrorReport {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}

/** The form in which an error crosses a process boundary or reaches a screen. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Present only for bugs. */
  readonly stack?: string | undefined;
}

/** Whether an error of the system, or of ours, has this code. */
export function hasCode(error: unknown, code: string): error is Error {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Of the errors of the system this one alone says that something is not there. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

const SYSTEM_ERRORS: Readonly<Record<string, { sentence: string; hint: string }>> = {
  ENOSPC: {
    sentence: 'The disk is full',
    hint: 'Free some space and run the command again; nothing half-written was kept.',
  },
  EDQUOT: {
    sentence: 'The disk quota is used up',
    hint: 'Free some space and run the command again; nothing half-written was kept.',
  },
  EROFS: {
    sentence: 'The file system is read-only',
    hint: 'Choose a writable folder with --home or PALIMPSEST_HOME.',
  },
  EACCES: {
    sentence: 'Permission was denied',
    hint: 'Check the permissions of the file or folder, or choose another one.',
  },
  EPERM: {
    sentence: 'The operation is not permitted',
    hint: 'Check the permissions of the file or folder, or choose another one.',
  },
  ENOENT: { sentence: 'There is no such file or folder', hint: 'Check the path.' },
  EISDIR: { sentence: 'A file was expected but this is a folder', hint: 'Name a file.' },
  ENOTDIR: { sentence: 'A folder was expected but this is a file', hint: 'Name a folder.' },
  EEXIST: {
    sentence: 'A file or folder of that name exists already',
    hint: 'Move it away, or choose another name.',
  },
  ENOTEMPTY: {
    sentence: 'The folder exists already and is not empty',
    hint: 'Move it away, or choose another name.',
  },
  ENAMETOOLONG: {
    sentence: 'The path or a name in it is too long',
    hint: 'Choose a shorter one.',
  },
  ELOOP: {
    sentence: 'Symbolic links lead in a circle',
    hint: 'Name the file or folder itself, or repair the links.',
  },
  EMFILE: {
    sentence: 'Too many files are open',
    hint: 'Raise the limit of open files (ulimit -n) and try again.',
  },
  EIO: {
    sentence: 'The disk reported an input/output error',
    hint: 'Check the disk or copy the file to another one.',
  },
};

function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Turns an operating-system error that a person can act upon into a UserError that names `where`;
 * returns every other error unchanged.
 */
export function asUserError(error: unknown, where: string): unknown {
  if (error instanceof UserError) return error;
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  const known = SYSTEM_ERRORS[code];
  if (known === undefined) return error;
  return new UserError(`system/${code.toLowerCase()}`, `${known.sentence}: ${where}.`, known.hint, {
    cause: error,
  });
}

/** The path that an operating-system error itself names. */
export function placeOf(error: unknown): string | undefined {
  const path = error instanceof Error && 'path' in error ? error.path : undefined;
  return typeof path === 'string' && path !== '' ? path : undefined;
}

const INTERNAL_PREFIX = 'Internal error: ';

/** What is sent across a process boundary for any thrown value. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof UserError) return error.toJSON();
  const known = asUserError(error, placeOf(error) ?? 'the operation');
  if (known instanceof UserError) return known.toJSON();
  const failure = error instanceof Error ? error : new Error(String(error));
  return {
    code: 'internal/bug',
    // A bug of another process was reported there and has the words already.
    message: `${INTERNAL_PREFIX}${failure.message.replace(INTERNAL_PREFIX, '')}`,
    hint: 'This is a fault in Palimpsest; please report it with the output of `palimpsest doctor`.',
    ...(failure.stack === undefined ? {} : { stack: failure.stack }),
  };
}

/** The reverse of reportError, on the receiving side. */
export function errorFromReport(report: ErrorReport): Error {
  if (report.stack === undefined) return new UserError(report.code, report.message, report.hint);
  const error = new Error(report.message);
  error.stack = report.stack;
  return error;
}
