/** How λ was chosen, in one line, and what stands in the way of a choice. */
import { strengths } from '../strategies/describeParts.ts';
import { PART_NAMES } from '../strategies/parts.ts';
import type { PartName } from '../strategies/parts.ts';
import type { LambdaChoice } from '../workbench/results.ts';
import { fullTitle, settingsText, strategyTitle } from './names.ts';

type Candidate = LambdaChoice['candidates'][number];

/** "EWC: λ 100 chosen of 10, 100, 1,000 (diverged) on validation, 300 steps, seed 1". */
export function choiceText(choice: LambdaChoice): string {
  const { strategy, steps, seed, sourceWeight, candidates } = choice;
  const swept = PART_NAMES.filter(
    (name) => new Set(candidates.map((candidate) => strengthOf(candidate, name))).size > 1,
  );
  // Where one λ alone was tried out its values say all; else whole settings are needed.
  const only = swept.length === 1 ? swept[0] : undefined;
  const subject = only === undefined ? '' : only === strategy ? 'λ ' : `${only} λ `;
  const label = (candidate: Candidate): string =>
    only === undefined ? settingsText(candidate.parts) : strengthOf(candidate, only);
  const end = ({ failure }: Candidate): string =>
    failure === null ? '' : failure.isFinal ? ' (diverged)' : ' (failed)';
  const tried = candidates
    .map((candidate) => `${label(candidate)}${end(candidate)}`)
    .join(only === undefined ? '; ' : ', ');
  const chosen = candidates.find((candidate) => candidate.chosen);
  const outcome = chosen === undefined ? 'not chosen yet' : `${label(chosen)} chosen`;
  const weight = sourceWeight === 1 ? '' : `, source loss times ${grouped(sourceWeight)}`;
  const length = steps === null ? '' : `, ${grouped(steps)} ${steps === 1 ? 'step' : 'steps'}`;
  return (
    `${strategyTitle(strategy)}: ${subject}${outcome} of ${tried} on validation${length}, ` +
    `seed ${seed}${weight}`
  );
}

/**
 * What became of values that failed, one sentence each with the way out where one is needed. Empty when
 * all have been tried or will be.
 */
export function choiceFailures({ strategy, candidates }: LambdaChoice): string[] {
  const isOpen = !candidates.some(({ chosen }) => chosen);
  const notes = candidates.flatMap(({ settings, failure }) => {
    if (failure === null) return [];
    const title = fullTitle(strategy, settings);
    return failure.isFinal
      ? [`${title} counts as the worst of all. ${failure.message}`]
      : [
          `${title} keeps the choice open, because its run failed. ${failure.message} ` +
            `Run the project again to try it once more, or take ${settings} out of its file.`,
        ];
  });
  if (!isOpen || !candidates.every(({ failure }) => failure?.isFinal === true)) return notes;
  return [
    ...notes,
    `All values of ${strategyTitle(strategy)} diverged, so that none is chosen. Put others in their ` +
      'place in the project file, or lower training.learning_rate.',
  ];
}

function strengthOf({ parts }: Candidate, name: PartName): string {
  const found = strengths(parts).find(({ part }) => part === name);
  return found === undefined ? '–' : grouped(found.lambda);
}

/** 1000 → "1,000"; 0.01 and 1e-9 stay. */
function grouped(value: number): string {
  const text = String(value);
  return /^\d{4,}(\.|$)/.test(text)
    ? text.replace(/^\d+/, (whole) => whole.replaceAll(/\B(?=(\d{3})+$)/g, ','))
    : text;
}
