/** The source domain of the demo project: short stories of everyday English, one topic a document. */
import { Draw } from './draw.ts';
import {
  capitalised,
  participle,
  past,
  plural,
  progressive,
  thirdPerson,
  withArticle,
} from './morphology.ts';
import {
  FEMALE_NAMES,
  MALE_NAMES,
  MONTHS,
  NUMBERS,
  SEASONS,
  SURNAMES,
  TOPICS,
  TOWNS,
  WEEKDAYS,
} from './topics.ts';
import type { Topic } from './topics.ts';

interface Person {
  readonly name: string;
  readonly subject: 'he' | 'she';
  readonly object: 'him' | 'her';
  readonly possessive: 'his' | 'her';
  readonly role: string;
}

/** What stays the same through a document. */
interface Story {
  readonly draw: Draw;
  readonly topic: Topic;
  readonly hero: Person;
  readonly friend: Person;
  readonly town: string;
  readonly day: string;
  readonly season: string;
  readonly month: string;
}

type Sentence = (story: Story) => string;

/** Document `index` of the general text of `seed`: one paragraph of 6 to 11 sentences. */
export function generalDocument(seed: number, index: number): string {
  const draw = new Draw(seed, 'general', index);
  const topic = draw.oneOf(TOPICS);
  const hero = person(draw, topic);
  let friend = person(draw, topic);
  while (friend.name === hero.name) friend = person(draw, topic);
  const story: Story = {
    draw,
    topic,
    hero,
    friend,
    town: draw.oneOf(TOWNS),
    day: draw.oneOf(WEEKDAYS),
    season: draw.oneOf(SEASONS),
    month: draw.oneOf(MONTHS),
  };
  const middle = draw.several(MIDDLES, draw.integer(4, 8));
  const sentences = [draw.oneOf(OPENINGS), ...middle, draw.oneOf(ENDINGS)];
  return sentences.map((sentence) => capitalised(sentence(story))).join(' ');
}

function person(draw: Draw, topic: Topic): Person {
  const role = draw.oneOf(topic.roles);
  const name = draw.chance(0.5) ? draw.oneOf(FEMALE_NAMES) : draw.oneOf(MALE_NAMES);
  return FEMALE_NAMES.includes(name)
    ? { name, role, subject: 'she', object: 'her', possessive: 'her' }
    : { name, role, subject: 'he', object: 'him', possessive: 'his' };
}

/** A verb of the topic and a noun that goes with it, mostly the usual one. */
function deed({ draw, topic }: Story): { verb: string; noun: string } {
  const index = draw.integer(0, topic.verbs.length - 1);
  const usual = topic.nouns[index + (draw.chance(0.5) ? topic.verbs.length : 0)];
  return { verb: topic.verbs[index], noun: draw.chance(0.85) ? usual : draw.oneOf(topic.nouns) };
}

function noun({ draw, topic }: Story): string {
  return draw.oneOf(topic.nouns);
}

function adjective({ draw, topic }: Story): string {
  return draw.oneOf(topic.adjectives);
}

function place({ draw, topic }: Story): string {
  return draw.oneOf(topic.places);
}

/** "the old boat" or "the boat". */
function thing(story: Story, word: string): string {
  return story.draw.chance(0.4) ? `the ${adjective(story)} ${word}` : `the ${word}`;
}

function number({ draw }: Story): string {
  return draw.oneOf(NUMBERS);
}

const OPENINGS: readonly Sentence[] = [
  ({ hero, town, draw }) =>
    `${hero.name} ${draw.oneOf(SURNAMES)} was ${withArticle(hero.role)} who lived in ${town}.`,
  ({ hero, friend, town }) => `${hero.name} and ${friend.name} grew up in the town of ${town}.`,
  (story) =>
    `In ${story.month}, ${story.hero.name} went to ${story.town} to visit ${story.hero.possessive} friend ${story.friend.name}.`,
  (story) =>
    `It was ${withArticle(adjective(story))} morning in ${story.season}, and ${story.hero.name} was already ${place(story)}.`,
  ({ hero, season, town }) =>
    `Every ${season}, many people came to ${town}, and ${hero.name} was one of them.`,
  ({ hero, day, friend }) =>
    `On ${day}, ${hero.name} met ${friend.name}, ${withArticle(friend.role)} whom everybody knew.`,
  ({ hero, topic, town }) =>
    `There was nothing that ${hero.name} loved more than ${topic.name}, and in ${town} everybody knew it.`,
];

const MIDDLES: readonly Sentence[] = [
  (story) => {
    const { verb, noun } = deed(story);
    return `${story.hero.subject} ${past(verb)} ${thing(story, noun)} ${place(story)}.`;
  },
  (story) => {
    const first = deed(story);
    const second = deed(story);
    return `${story.hero.name} ${past(first.verb)} ${thing(story, first.noun)}, and then ${story.hero.subject} ${past(second.verb)} ${thing(story, second.noun)}.`;
  },
  (story) => {
    const { verb, noun } = deed(story);
    return `the ${noun} was ${participle(verb)} by the ${story.draw.oneOf(story.topic.roles)} on ${story.day}.`;
  },
  (story) => {
    const { verb, noun } = deed(story);
    return `${story.friend.name} wanted to ${verb} ${withArticle(noun)}, but it was too ${adjective(story)}.`;
  },
  (story) => {
    const { verb, noun } = deed(story);
    return `while ${story.friend.name} was ${progressive(verb)} the ${noun}, ${story.hero.name} waited ${place(story)}.`;
  },
  (story) =>
    `the ${noun(story)} that ${story.hero.name} liked best was ${adjective(story)} and ${adjective(story)}.`,
  (story) =>
    `there were ${number(story)} ${plural(noun(story))} and only one ${noun(story)} ${place(story)}.`,
  (story) => {
    const { verb, noun } = deed(story);
    return `"can you ${verb} this ${noun}?" asked ${story.friend.name}.`;
  },
  (story) => {
    const { verb, noun } = deed(story);
    return `"we will ${verb} the ${noun} tomorrow," said ${story.hero.name} to ${story.hero.possessive} friend.`;
  },
  (story) => {
    const { verb, noun } = deed(story);
    return `every ${story.day}, the ${story.hero.role} ${thirdPerson(verb)} ${withArticle(noun)} for the people of ${story.town}.`;
  },
  (story) => {
    const { verb, noun } = deed(story);
    return `because the ${noun} was ${adjective(story)}, nobody could ${verb} it.`;
  },
  (story) =>
    `${story.hero.possessive} ${noun(story)} was more ${adjective(story)} than the ${noun(story)} of ${story.friend.name}.`,
  (story) => {
    const { verb, noun } = deed(story);
    return `if you ${verb} the ${noun} in ${story.season}, it will be ${adjective(story)} by ${story.month}.`;
  },
  (story) => {
    const { verb, noun } = deed(story);
    return `after ${number(story)} hours, ${story.hero.subject} had ${participle(verb)} all the ${plural(noun)}.`;
  },
  (story) => {
    const { verb, noun } = deed(story);
    return `the ${story.draw.oneOf(story.topic.roles)} told ${story.hero.object} how to ${verb} ${withArticle(noun)} without help.`;
  },
  (story) =>
    `some ${plural(noun(story))} were ${adjective(story)}, and others were ${adjective(story)}.`,
  (story) => {
    const { verb, noun } = deed(story);
    return `it takes ${number(story)} years to learn to ${verb} ${withArticle(noun)} well.`;
  },
  (story) =>
    `${place(story)}, ${story.hero.name} and ${story.friend.name} talked about ${story.topic.name} until the evening.`,
  (story) => {
    const { verb, noun } = deed(story);
    return `neither ${story.hero.name} nor ${story.friend.name} had ever ${participle(verb)} such ${withArticle(`${adjective(story)} ${noun}`)}.`;
  },
  (story) => {
    const { verb, noun } = deed(story);
    return `the old ${story.draw.oneOf(story.topic.roles)} always ${past(verb)} the ${noun} before ${story.draw.oneOf(['breakfast', 'lunch', 'dinner', 'sunrise'])}.`;
  },
  (story) => `${story.hero.subject} came with ${withArticle(noun(story))} and left without it.`,
  (story) =>
    `the ${noun(story)} stood on the left side, with ${withArticle(`${adjective(story)} ${noun(story)}`)} on the right.`,
  (story) =>
    `for ${number(story)} weeks, ${story.friend.name} had no ${noun(story)} and no time for ${story.topic.name}.`,
  (story) =>
    `the father of ${story.hero.name} had a long history of losing ${plural(noun(story))}.`,
  (story) =>
    `the plan was to start with the ${noun(story)} and to continue with the ${noun(story)} in the afternoon.`,
  (story) =>
    `${story.hero.subject} felt alert and well, and the air in the room was ${adjective(story)}.`,
  (story) =>
    `${story.friend.name} reported that the ${noun(story)} was not as ${adjective(story)} as last year.`,
  (story) =>
    `the doctor said that ${story.hero.name} needed rest and water, not ${plural(noun(story))}.`,
];

const ENDINGS: readonly Sentence[] = [
  (story) =>
    `in the end, ${story.hero.name} was happy, because the ${noun(story)} was ${adjective(story)}.`,
  (story) => `${story.friend.name} thanked ${story.hero.object} and went home to ${story.town}.`,
  (story) => `the people of ${story.town} still talk about that ${story.day} in ${story.month}.`,
  (story) => {
    const { verb, noun } = deed(story);
    return `since then, ${story.hero.name} has never ${participle(verb)} another ${noun}.`;
  },
  ({ hero, friend, season }) =>
    `${hero.name} and ${friend.name} promised to meet again in the ${season}.`,
  (story) => `that was how the ${story.hero.role} learned about ${plural(noun(story))}.`,
];
