/** Which tokens play the roles [CLS], [SEP], [PAD], [MASK] and [UNK], and what is special besides. */
import { UserError } from '../base/errors.ts';
import type { AddedToken } from './tokenizerDefinition.ts';
import type { SpecialTokens, Tokenizer } from './types.ts';

export const SPECIAL_TOKEN_ROLES = ['cls', 'sep', 'pad', 'mask', 'unk'] as const;
export type SpecialTokenRole = (typeof SPECIAL_TOKEN_ROLES)[number];

/** Names given by a file; a role without an entry gets its customary name. */
export type SpecialTokenNames = Partial<Record<SpecialTokenRole, string>>;

const CUSTOMARY_NAMES: Record<Tokenizer['kind'], Record<SpecialTokenRole, string>> = {
  wordpiece: { cls: '[CLS]', sep: '[SEP]', pad: '[PAD]', mask: '[MASK]', unk: '[UNK]' },
  'byte-level-bpe': { cls: '<s>', sep: '</s>', pad: '<pad>', mask: '<mask>', unk: '<unk>' },
};

const ROLE_PURPOSES: Record<SpecialTokenRole, string> = {
  cls: 'opens a window',
  sep: 'closes a window',
  pad: 'fills a batch',
  mask: 'hides what the model has to predict',
  unk: 'stands for unknown words',
};

/**
 * Finds the token of every role: the name a file gives, else the customary one of the kind, else
 * that of the other kind. Throws a UserError that names a missing one.
 */
export function resolveSpecialTokens(
  kind: Tokenizer['kind'],
  names: SpecialTokenNames,
  idOf: (token: string) => number | undefined,
  where: string,
): { readonly ids: SpecialTokens; readonly names: Record<SpecialTokenRole, string> } {
  const other = kind === 'wordpiece' ? 'byte-level-bpe' : 'wordpiece';
  const resolve = (role: SpecialTokenRole): { name: string; id: number } => {
    const named = names[role];
    const candidates =
      named === undefined ? [CUSTOMARY_NAMES[kind][role], CUSTOMARY_NAMES[other][role]] : [named];
    for (const name of candidates) {
      const id = idOf(name);
      if (id !== undefined) return { name, id };
    }
    throw new UserError(
      'tokenizer/missing-special-token',
      `The tokenizer in ${where} has no ${candidates[0]}, the token that ${ROLE_PURPOSES[role]}.`,
      role === 'mask'
        ? 'Masked-language-model training needs a mask token; choose the tokenizer of an encoder such as BERT, DistilBERT or RoBERTa.'
        : 'Check that the vocabulary belongs to this model and that tokenizer_config.json names its special tokens.',
    );
  };
  const roles = {
    cls: resolve('cls'),
    sep: resolve('sep'),
    pad: resolve('pad'),
    mask: resolve('mask'),
    unk: resolve('unk'),
  };
  return {
    ids: {
      cls: roles.cls.id,
      sep: roles.sep.id,
      pad: roles.pad.id,
      mask: roles.mask.id,
      unk: roles.unk.id,
    },
    names: {
      cls: roles.cls.name,
      sep: roles.sep.name,
      pad: roles.pad.name,
      mask: roles.mask.name,
      unk: roles.unk.name,
    },
  };
}

/**
 * The tokens that are recognised in running text: those a file lists, and every role's token that
 * it does not list. The mask of byte-level tokenizers takes the space before it, as RoBERTa's does.
 */
export function withRoleTokens(
  listed: readonly AddedToken[],
  kind: Tokenizer['kind'],
  ids: SpecialTokens,
  names: Record<SpecialTokenRole, string>,
): readonly AddedToken[] {
  const added = [...listed];
  const contents = new Set(listed.map((token) => token.content));
  for (const role of SPECIAL_TOKEN_ROLES) {
    if (contents.has(names[role])) continue;
    contents.add(names[role]);
    added.push({
      id: ids[role],
      content: names[role],
      special: true,
      single_word: false,
      lstrip: role === 'mask' && kind === 'byte-level-bpe',
      rstrip: false,
      normalized: false,
    });
  }
  return added.sort((a, b) => a.id - b.id);
}

export function specialIdsOf(
  addedTokens: readonly AddedToken[],
  roles: SpecialTokens,
): ReadonlySet<number> {
  return new Set([
    ...SPECIAL_TOKEN_ROLES.map((role) => roles[role]),
    ...addedTokens.filter((token) => token.special).map((token) => token.id),
  ]);
}
