/** The text of the playground and what models put into its masks. */

/** What a person writes for a mask, whatever the model's own token is. */
export const MASK = '[MASK]';

/** The longest text that is sent, in characters. */
export const LONGEST_TEXT = 10_000;

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
  if (text.length > LONGEST_TEXT) return `The text is longer than ${LONGEST_TEXT} characters.`;
  return undefined;
}

/** A model or the last checkpoint of a run, as one word for addresses and lists. */
export type Predictor =
  { readonly kind: 'model'; readonly id: string } | { readonly kind: 'run'; readonly id: string };

export const predictorKey = ({ kind, id }: Predictor): string => `${kind}:${id}`;

export function parsePredictor(key: string): Predictor | undefined {
  const found = /^(?<kind>model|run):(?<id>.+)$/.exec(key)?.groups;
  if (found?.['id'] === undefined) return undefined;
  return { kind: found['kind'] === 'run' ? 'run' : 'model', id: found['id'] };
}
