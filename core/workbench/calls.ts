/** How calls reach their handlers: validated at the boundary, with progress and a way to stop. */
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { ReportProgress } from '../text/types.ts';
import { calls } from './contract.ts';
import type { CallName, Reply } from './contract.ts';

/** A request as a handler sees it: checked, defaults filled in. */
export type CheckedRequest<Name extends CallName> = z.output<(typeof calls)[Name]['request']>;

export interface CallContext {
  readonly signal: AbortSignal;
  readonly report: ReportProgress;
}

export type Handlers<Names extends CallName = CallName> = {
  readonly [Name in Names]: (
    request: CheckedRequest<Name>,
    context: CallContext,
  ) => Reply<Name> | Promise<Reply<Name>>;
};

/**
 * Calls that carry text of corpora or of the person: their progress is told to the caller alone, and
 * they never pass through files.
 */
export const PRIVATE_CALLS = ['corpora/preview', 'models/fill-mask'] as const;
export type PrivateCall = (typeof PRIVATE_CALLS)[number];

export function isPrivateCall(name: string): name is PrivateCall {
  return (PRIVATE_CALLS as readonly string[]).includes(name);
}

/** @throws UserError `request/unknown-call` */
export function requireCallName(name: string): CallName {
  if (Object.hasOwn(calls, name)) return name as CallName;
  const suggestion = nearest(name, Object.keys(calls));
  throw new UserError(
    'request/unknown-call',
    `There is no call "${name}".`,
    suggestion === undefined ? 'See the Workbench contract.' : `Did you mean "${suggestion}"?`,
  );
}

/** @throws UserError `request/invalid` that says which field is wrong */
export function checkRequest<Name extends CallName>(
  name: Name,
  request: unknown,
): CheckedRequest<Name> {
  const parsed = calls[name].request.safeParse(request);
  if (parsed.success) return parsed.data as CheckedRequest<Name>;
  throw new UserError(
    'request/invalid',
    `The request ${name} is not valid: ${z.prettifyError(parsed.error).replace(/\s+/g, ' ')}.`,
    'Check the values given.',
  );
}

/** @throws UserError `call/aborted` when the signal has fired */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortedError();
}

export function abortedError(): UserError {
  return new UserError(
    'call/aborted',
    'The work was stopped before it was done.',
    'Nothing was registered; start it again when you are ready.',
  );
}
