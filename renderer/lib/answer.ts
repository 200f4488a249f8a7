/**
 * What was answered to the question that a screen last asked. Questions have a key, so that the answer
 * to another one is never shown as that to the present one.
 */
import type { ErrorReport } from '../client/errors.ts';

export interface Answer<Data> {
  readonly key: string;
  /** The latest answer that came; an error afterwards does not take it away. */
  readonly data?: Data | undefined;
  /** Why the last asking failed. */
  readonly failure?: ErrorReport | undefined;
}

/** What there is for the question `key`: neither data nor a failure while the answer is to come. */
export function answerTo<Data>(
  answer: Answer<Data> | undefined,
  key: string | undefined,
): Omit<Answer<Data>, 'key'> {
  if (answer === undefined || answer.key !== key) return {};
  return { data: answer.data, failure: answer.failure };
}

/** After an asking of `key` has failed: what is known of the same question stays. */
export function failedAnswer<Data>(
  answer: Answer<Data> | undefined,
  key: string,
  failure: ErrorReport,
): Answer<Data> {
  return { key, data: answerTo(answer, key).data, failure };
}
