import { describe, expect, it } from 'vitest';
import { errorFromReport, reportError, UserError } from '../../../core/base/errors.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: failed`), { code, path: '/some/where' });
}

describe('reportError', () => {
  it.each(['ENOSPC', 'EACCES', 'ELOOP', 'ENAMETOOLONG', 'ENOTDIR'])(
    'takes %s for something that a person can act upon',
    (code) => {
      const report = reportError(systemError(code));
      expect(report).toMatchObject({ code: `system/${code.toLowerCase()}` });
      expect(report.message).toMatch(/: \/some\/where\.$/);
      expect(report.stack).toBeUndefined();
    },
  );

  it('says "Internal error" once, however many processes a bug passes through', () => {
    const first = reportError(new TypeError('x is not a function'));
    const second = reportError(errorFromReport(reportError(errorFromReport(first))));
    expect(second).toEqual(first);
    expect(second.message).toBe('Internal error: x is not a function');
  });

  it('keeps a UserError as it is across processes', () => {
    const error = new UserError('a/b', 'A sentence.', 'A hint.');
    expect(errorFromReport(reportError(error))).toMatchObject({ code: 'a/b', hint: 'A hint.' });
  });
});
