/** Errors that say that a run diverged: tried again with the same settings it diverges again. */
import { UserError } from '../base/errors.ts';

/** Steps in a row had no finite gradient. */
export const DIVERGED = 'training/diverged';
/** The loss on a frozen set is no finite number. */
export const NOT_FINITE = 'evaluation/not-finite';

export function isDivergenceCode(code: string): boolean {
  return code === DIVERGED || code === NOT_FINITE;
}

export function isDivergence(error: unknown): error is UserError {
  return error instanceof UserError && isDivergenceCode(error.code);
}
