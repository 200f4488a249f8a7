/** The target domain of the demo project: invented clinical notes with sections, abbreviations and doses. */
import { ALLERGIES, CONDITIONS, OCCUPATIONS, SURGERIES } from './conditions.ts';
import type { Condition, Drug, Lab } from './conditions.ts';
import { Draw } from './draw.ts';
import { capitalised, progressive, withArticle } from './morphology.ts';
import { TOPICS, TOWNS, WEEKDAYS } from './topics.ts';

/** What stays the same through a note. */
interface Patient {
  readonly draw: Draw;
  readonly age: number;
  readonly sex: 'male' | 'female';
  readonly subject: 'He' | 'She';
  readonly possessive: 'His' | 'Her';
  /** The reason of the visit. */
  readonly main: Condition;
  readonly history: readonly Condition[];
  /** With doses: what is listed as medication is what the plan continues. */
  readonly prescriptions: readonly string[];
  readonly added: string;
}

/** Note `index` of the clinical text of `seed`: sections on lines of their own. */
export function clinicalNote(seed: number, index: number): string {
  const draw = new Draw(seed, 'clinical', index);
  const [main, ...history] = draw.several(CONDITIONS, draw.integer(2, 4));
  const sex = draw.chance(0.5) ? 'male' : 'female';
  const patient: Patient = {
    draw,
    age: draw.integer(24, 89),
    sex,
    subject: sex === 'male' ? 'He' : 'She',
    possessive: sex === 'male' ? 'His' : 'Her',
    main,
    history,
    prescriptions: history.map((condition) => prescription(draw, draw.oneOf(condition.drugs))),
    added: prescription(draw, draw.oneOf(main.drugs)),
  };
  const sections = [presentIllness(patient), pastHistory(patient), medications(patient)];
  const optional = [allergies(patient), socialHistory(patient)].filter(() => draw.chance(0.5));
  return [
    ...sections,
    ...optional,
    vitals(patient),
    examination(patient),
    laboratory(patient),
    assessment(patient),
    plan(patient),
  ]
    .join('\n')
    .replaceAll('..', '.');
}

function prescription(draw: Draw, { name, doses, frequency, form }: Drug): string {
  return `${name} ${draw.oneOf(doses)} ${form} ${frequency}`;
}

function presentIllness({ draw, age, sex, subject, main, history }: Patient): string {
  const [first, second] = draw.several(main.symptoms, 2);
  const duration = `${draw.integer(2, 9)} ${draw.oneOf(['days', 'weeks', 'hours'])}`;
  const known = history.map(({ short }) => short).join(' and ');
  const opening = draw.oneOf([
    `Pt is ${withArticle(`${age} y/o`)} ${sex} w/ h/o ${known} who presents c/o ${first} x ${duration}.`,
    `${age} y/o ${sex} w/ PMH of ${known} c/o ${first} and ${second} for ${duration}.`,
    `This is ${withArticle(`${age} y/o`)} ${sex} with a history of ${known} admitted with ${first}.`,
  ]);
  const denied = draw.several(
    CONDITIONS.filter((other) => other !== main),
    2,
  );
  const course = draw.oneOf([
    `${subject} also reports ${second}.`,
    `Symptoms got worse over ${duration}, now with ${second}.`,
    `${subject} was seen in clinic for ${second} last week.`,
  ]);
  const negatives = denied.map((other) => draw.oneOf(other.symptoms)).join(' or ');
  return `HPI: ${opening} ${onset(draw, subject, first)} ${course} Pt denies ${negatives}.`;
}

/** The everyday part of a note: the words of the general text in the manner of the clinic. */
function onset(draw: Draw, subject: string, symptom: string): string {
  const topic = draw.oneOf(TOPICS);
  const index = draw.integer(0, topic.verbs.length - 1);
  const activity = `${progressive(topic.verbs[index])} the ${topic.nouns[index]}`;
  const pronoun = subject.toLowerCase();
  return draw.oneOf([
    `The ${symptom} began on ${draw.oneOf(WEEKDAYS)} while ${pronoun} was ${activity} ${draw.oneOf(topic.places)}.`,
    `${subject} noticed ${symptom} after ${activity}.`,
    `${subject} was found by ${draw.oneOf(['a neighbour', 'family', 'the owner'])} ${draw.oneOf(topic.places)}.`,
  ]);
}

function pastHistory({ draw, history }: Patient): string {
  const diagnoses = history.map((one) => (draw.chance(0.5) ? one.short : one.name)).join(', ');
  const surgery = draw.chance(0.6)
    ? `, s/p ${draw.oneOf(SURGERIES)} in ${draw.integer(1988, 2019)}`
    : '';
  return `PMH: ${diagnoses}${surgery}.`;
}

function medications({ prescriptions }: Patient): string {
  const numbered = prescriptions.map((text, index) => `${index + 1}. ${text}`);
  return `MEDICATIONS: ${numbered.join('; ')}.`;
}

function allergies({ draw }: Patient): string {
  return `ALLERGIES: ${draw.oneOf(ALLERGIES)}.`;
}

function socialHistory({ draw, subject, possessive }: Patient): string {
  const habit = draw.oneOf([
    'denies tobacco',
    'quit smoking',
    'smokes one pack a day',
    'denies alcohol',
  ]);
  return `SOCIAL HISTORY: ${subject} is ${withArticle(draw.oneOf(OCCUPATIONS))} and ${habit}. ${subject} lives in ${draw.oneOf(TOWNS)}. ${possessive} ${draw.oneOf(['mother', 'father', 'brother', 'sister'])} had ${draw.oneOf(CONDITIONS).short}.`;
}

function vitals({ draw, main }: Patient): string {
  const fever = main.symptoms.includes('fever');
  const temperature = `${fever ? draw.integer(101, 103) : draw.integer(97, 98)}.${draw.integer(0, 9)}`;
  const pressure = `${draw.integer(96, 184)}/${draw.integer(54, 102)}`;
  const pulse = fever ? draw.integer(98, 124) : draw.integer(58, 96);
  return `VITALS: T ${temperature} F, BP ${pressure} mmHg, HR ${pulse} bpm, RR ${draw.integer(12, 26)}, SpO2 ${draw.integer(88, 99)} % on room air.`;
}

function examination({ draw, main }: Patient): string {
  const general = draw.oneOf([
    'Alert and in no acute distress',
    'Appears uncomfortable',
    'Well appearing',
  ]);
  return `EXAM: ${general}. ${main.findings.map(sentence).join(' ')}`;
}

function laboratory({ draw, main }: Patient): string {
  const values = main.labs.map(({ name, lowest, highest, decimals, unit }: Lab) => {
    const scale = 10 ** decimals;
    const value = draw.integer(Math.round(lowest * scale), Math.round(highest * scale)) / scale;
    return `${name} ${value.toFixed(decimals)} ${unit}`;
  });
  return `LABS: ${values.join(', ')}.`;
}

function assessment({ draw, age, sex, main, history }: Patient): string {
  const text = draw.oneOf([
    `${age} y/o ${sex} with ${main.name}, likely ${main.short} exacerbation in the setting of ${history[0].short}.`,
    `Findings are consistent with ${main.name}.`,
    `Pt with known ${history[0].name} now with ${main.name}.`,
  ]);
  return `ASSESSMENT: ${text}`;
}

function plan({ draw, main, prescriptions, added }: Patient): string {
  const steps = [
    `Start ${added}`,
    `Continue ${draw.oneOf(prescriptions)}`,
    ...draw.several(main.plans, draw.integer(1, main.plans.length)).map(capitalised),
    `F/u in ${draw.integer(2, 8)} weeks`,
  ];
  return `PLAN: ${steps.map((step, index) => `${index + 1}. ${step}.`).join(' ')}`;
}

function sentence(text: string): string {
  return `${capitalised(text)}.`;
}
