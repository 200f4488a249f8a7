/** The little of English word forms that the generated text needs. */

const IRREGULAR_VERBS: Readonly<Record<string, readonly [past: string, participle: string]>> = {
  beat: ['beat', 'beaten'],
  build: ['built', 'built'],
  buy: ['bought', 'bought'],
  cut: ['cut', 'cut'],
  draw: ['drew', 'drawn'],
  drive: ['drove', 'driven'],
  feed: ['fed', 'fed'],
  fight: ['fought', 'fought'],
  find: ['found', 'found'],
  give: ['gave', 'given'],
  hang: ['hung', 'hung'],
  hear: ['heard', 'heard'],
  hold: ['held', 'held'],
  lay: ['laid', 'laid'],
  leave: ['left', 'left'],
  read: ['read', 'read'],
  ride: ['rode', 'ridden'],
  see: ['saw', 'seen'],
  sell: ['sold', 'sold'],
  sew: ['sewed', 'sewn'],
  shut: ['shut', 'shut'],
  sing: ['sang', 'sung'],
  sweep: ['swept', 'swept'],
  take: ['took', 'taken'],
  teach: ['taught', 'taught'],
  tell: ['told', 'told'],
  wear: ['wore', 'worn'],
  win: ['won', 'won'],
  write: ['wrote', 'written'],
};

/** Verbs of one syllable that double their last letter before -ed and -ing. */
const DOUBLING = new Set(['beat', 'chop', 'cut', 'plan', 'shut', 'stir', 'trim', 'win', 'hug']);
const IRREGULAR_PLURALS: Readonly<Record<string, string>> = {
  child: 'children',
  fish: 'fish',
  fisherman: 'fishermen',
  leaf: 'leaves',
  loaf: 'loaves',
  postman: 'postmen',
  sheep: 'sheep',
  shelf: 'shelves',
};

const endsInVowelAndY = /[aeiou]y$/;
const hisses = /(?:s|x|z|ch|sh)$/;

export function past(verb: string): string {
  return IRREGULAR_VERBS[verb]?.[0] ?? regularPast(verb);
}

export function participle(verb: string): string {
  return IRREGULAR_VERBS[verb]?.[1] ?? regularPast(verb);
}

export function thirdPerson(verb: string): string {
  return withS(verb);
}

export function progressive(verb: string): string {
  if (verb === 'tie') return 'tying';
  if (verb.endsWith('e') && !verb.endsWith('ee')) return `${verb.slice(0, -1)}ing`;
  return DOUBLING.has(verb) && verb !== 'beat' ? `${verb}${verb.slice(-1)}ing` : `${verb}ing`;
}

export function plural(noun: string): string {
  return IRREGULAR_PLURALS[noun] ?? withS(noun);
}

/** "a boat", "an old boat", "an 81 y/o"; `phrase` begins with the word that decides. */
export function withArticle(phrase: string): string {
  const soundsLikeVowel =
    /^(?:[aeiou]|hour|8|11|18)/i.test(phrase) && !/^(?:uni|euro|one)/i.test(phrase);
  return `${soundsLikeVowel ? 'an' : 'a'} ${phrase}`;
}

export function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function regularPast(verb: string): string {
  if (verb.endsWith('e')) return `${verb}d`;
  if (verb.endsWith('y') && !endsInVowelAndY.test(verb)) return `${verb.slice(0, -1)}ied`;
  return DOUBLING.has(verb) ? `${verb}${verb.slice(-1)}ed` : `${verb}ed`;
}

function withS(word: string): string {
  if (hisses.test(word) || word.endsWith('o')) return word === 'piano' ? 'pianos' : `${word}es`;
  if (word.endsWith('y') && !endsInVowelAndY.test(word)) return `${word.slice(0, -1)}ies`;
  return `${word}s`;
}
