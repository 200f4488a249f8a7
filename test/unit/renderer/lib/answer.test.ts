import { expect, test } from 'vitest';
import { answerTo, failedAnswer } from '../../../../renderer/lib/answer.ts';

const failure = { code: 'connection/lost', message: 'It was lost.', hint: 'Try again.' };

test('an answer is shown for the question it was given to, and for no other', () => {
  const answer = { key: 'sdt', data: 1 };
  expect(answerTo(answer, 'sdt').data).toBe(1);
  expect(answerTo(answer, 'ewc')).toEqual({});
  expect(answerTo(answer, undefined)).toEqual({});
  expect(answerTo(undefined, 'sdt')).toEqual({});
});

test('a failure keeps what is known of the same question, and nothing of another', () => {
  const answer = { key: 'sdt', data: 1 };
  expect(failedAnswer(answer, 'sdt', failure)).toEqual({ key: 'sdt', data: 1, failure });
  expect(answerTo(failedAnswer(answer, 'ewc', failure), 'ewc')).toEqual({
    data: undefined,
    failure,
  });
});
