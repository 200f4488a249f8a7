/** The text of the playground and what models put into its masks. */
import type { Reply } from '../../core/workbench/contract.ts';
import { formatCount, formatCounted, formatPercent } from './format.ts';

/** What a person writes for a mask, whatever the model's own token is. */
export const MASK = '[MASK]';

/** Bounds of core/workbench/schemas/fillMask.ts; a test holds them equal. */
export const LONGEST_TEXT = 10_000;
export const MOST_MASKS = 20;

/** Positions of the masks; other tokenizers' own word for it counts too. */
export function countMasks(text: string): number {
  return text.match(/\[MASK\]|<mask>/g)?.length ?? 0;
}

/** Puts a mask in place of the selection, with a space where it would touch a word. */
export function insertMask(
  text: string,
  start: number,
  end: number,
): { readonly text: string; readonly caret: number } {
  const before = text.slice(0, start);
  const after = text.slice(end);
  const left = before === '' || /[\s([{"'‘“-]$/.test(before) ? '' : ' ';
  const right = after === '' || /^[\s.,;:!?)\]}"'’”-]/.test(after) ? '' : ' ';
  const inserted = `${left}${MASK}${right}`;
  return { text: `${before}${inserted}${after}`, caret: start + inserted.length };
}

/** Why a text cannot be sent; undefined when it can. */
export function textProblem(text: string): string | undefined {
  if (text.trim() === '') return 'Write a sentence with a mask.';
  if (countMasks(text) === 0)
    return 'There is no mask in the text: put one where a word is to be guessed.';
  if (countMasks(text) > MOST_MASKS)
    return `There are ${countMasks(text)} masks in the text; ${MOST_MASKS} can be filled at a time.`;
  if (text.length > LONGEST_TEXT)
    return `The text is longer than ${formatCount(LONGEST_TEXT)} characters.`;
  return undefined;
}

export type Side = Reply<'models/fill-mask'>['predictors'][number];
export type Fill = Side['masks'][number]['fills'][number];
type Token = Side['tokens'][number];

/** A token of one side's list, and what the other side says of it. */
export interface FillRow {
  readonly fill: Fill;
  /** Equal for the same token on both sides. */
  readonly key: string;
  /** Undefined when the other vocabulary has no such token, or there is no other side. */
  readonly twin: Fill | undefined;
  /** The other side lists it too. */
  readonly isShared: boolean;
}

/** Equal for tokens of different vocabularies that stand for the same piece of text. */
export function fillKey({ text, startsWord, special }: Fill): string {
  return `${special ? '!' : startsWord ? ' ' : '#'}${text}`;
}

/** The rows of one side at one mask. */
export function fillRows(side: Side, other: Side | undefined, mask: number): FillRow[] {
  const theirs = other?.masks[mask];
  const listed = new Map(theirs?.fills.map((fill) => [fillKey(fill), fill]));
  const further = new Map(theirs?.others.map((fill) => [fillKey(fill), fill]));
  return (side.masks[mask]?.fills ?? []).map((fill) => {
    const key = fillKey(fill);
    const shared = listed.get(key);
    return { fill, key, twin: shared ?? further.get(key), isShared: shared !== undefined };
  });
}

/** What the screen says of both lists at once. */
export function describeAgreement(
  first: readonly FillRow[],
  second: readonly FillRow[],
): string | undefined {
  if (first.length === 0 || second.length === 0) return undefined;
  const shared = first.filter(({ isShared }) => isShared).length;
  const top = first[0]?.key === second[0]?.key ? 'the same token first' : 'another token first';
  return `${shared} of ${first.length} tokens are in both lists; ${top}`;
}

/** The longest bar is that of the most probable token of both sides. */
export function largestProbability(rows: readonly FillRow[]): number {
  return rows.reduce((largest, { fill }) => Math.max(largest, fill.probability), 0);
}

/** 0.0746 → "7.46 %": two decimals, so that figures stand below each other. */
export function formatShare(probability: number): string {
  return probability < 0.00005 ? `< ${formatPercent(0.0001, 2)}` : formatPercent(probability, 2);
}

/** Signs that would not be seen are named. */
export function visibleText(text: string): string {
  if (text === '') return '(empty)';
  if (/^ +$/.test(text)) return '␣'.repeat(text.length);
  return text
    .replaceAll('\n', '↵')
    .replaceAll('\t', '⇥')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (sign) => {
      const code = sign.codePointAt(0) ?? 0;
      return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    });
}

/** A stretch of the text as the tokenizer sees it: one mask, or tokens that are all read or all cut. */
export interface TextPart {
  readonly tokens: readonly Token[];
  /** Counted from 0; undefined for words. */
  readonly mask: number | undefined;
  readonly isCut: boolean;
}

export function textParts(tokens: readonly Token[]): TextPart[] {
  const parts: TextPart[] = [];
  let run: Token[] = [];
  let masks = 0;
  const flush = (): void => {
    if (run.length > 0) parts.push({ tokens: run, mask: undefined, isCut: run[0]?.isCut ?? false });
    run = [];
  };
  for (const token of tokens) {
    if (token.isMask) {
      flush();
      parts.push({ tokens: [token], mask: masks++, isCut: false });
      continue;
    }
    if (run[0] !== undefined && run[0].isCut !== token.isCut) flush();
    run.push(token);
  }
  flush();
  return parts;
}

/** What the model did not read, in one sentence; undefined when it read everything. */
export function cutSentence({ tokens, maxSeqLength }: Side): string | undefined {
  const cut = tokens.filter(({ isCut }) => isCut).length;
  if (cut === 0) return undefined;
  return (
    `The model reads ${formatCount(maxSeqLength)} tokens at a time: ${formatCount(cut)} of the ` +
    `${formatCounted(tokens.length, 'token')} are left out, the farthest from the masks.`
  );
}
