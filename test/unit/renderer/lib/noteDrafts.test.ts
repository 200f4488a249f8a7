import { expect, test } from 'vitest';
import { NoteDrafts } from '../../../../renderer/lib/noteDrafts.ts';

test('a note that was left is gone on with, whatever was saved meanwhile', () => {
  const drafts = new NoteDrafts();
  expect(drafts.open('run-1', 'saved')).toEqual({ text: 'saved', isDraft: false });
  expect(drafts.leave('run-1', 'saved and more', 'saved')).toBe(true);
  expect(drafts.open('run-1', 'other')).toEqual({ text: 'saved and more', isDraft: true });
  expect(drafts.open('run-2', null)).toEqual({ text: '', isDraft: false });
});

test('nothing is kept of a note that was not changed, was saved or was given up', () => {
  const drafts = new NoteDrafts();
  expect(drafts.leave('run-1', ' saved ', 'saved')).toBe(false);
  expect(drafts.leave('run-1', '', null)).toBe(false);
  expect(drafts.open('run-1', 'saved').isDraft).toBe(false);
  drafts.leave('run-1', 'typed', null);
  drafts.drop('run-1');
  expect(drafts.open('run-1', null)).toEqual({ text: '', isDraft: false });
});
