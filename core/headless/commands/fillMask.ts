import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { Reply, WorkbenchClient } from '../../workbench/contract.ts';
import { pick } from '../../workbench/find.ts';
import { MOST_FILLS } from '../../workbench/schemas/fillMask.ts';
import type { Fill, Predictor } from '../../workbench/schemas/fillMask.ts';
import { UserError } from '../../base/errors.ts';
import { answerFromWorkbench, callWithProgress, examples, newCommand } from '../command.ts';
import type { CommonOptions, Session } from '../command.ts';
import { formatCount } from '../output/format.ts';
import { table } from '../output/table.ts';

interface FillMaskOptions extends CommonOptions {
  readonly text: string;
  readonly top: number;
  readonly weights: 'last' | 'best';
}

type Side = Reply<'models/fill-mask'>['predictors'][number];

/** `fill-mask`. */
export function fillMaskCommand(session: Session): Command {
  return newCommand(
    'fill-mask',
    'show what one or two models put in place of a mask',
    'Shows the most probable tokens at each mask of a text. With two models or runs they stand side ' +
      'by side, each with its rank and probability on the other side.',
  )
    .argument('<model-or-run>', 'name or id of a model, or id of a completed run')
    .argument('[model-or-run]', 'another one to compare with')
    .requiredOption('--text <text>', 'text with [MASK] or <mask> where a word is to be guessed')
    .addOption(
      new Option('--top <number>', 'tokens to show for each mask')
        .default(10)
        .argParser(fillsFromText),
    )
    .addOption(
      new Option('--weights <which>', 'of a run, its last weights or those it did best with')
        .choices(['last', 'best'])
        .default('last'),
    )
    .addHelpText(
      'after',
      examples(
        'palimpsest fill-mask bert-base --text "she is a member of the [MASK] party"',
        'palimpsest fill-mask bert-base run-8k2m9qxw4d --text "the patient was given [MASK]."',
      ),
    )
    .action((first: string, second: string | undefined, options: FillMaskOptions) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const { text, top, weights } = options;
        const predictors: Predictor[] = [];
        for (const word of second === undefined ? [first] : [first, second]) {
          predictors.push(await findPredictor(workbench, word, weights));
        }
        const request = { text, predictors, topK: top };
        const reply = await callWithProgress(
          session.environment,
          workbench,
          'models/fill-mask',
          request,
        );
        return { document: reply, text: describe(reply.predictors) };
      }),
    );
}

/** For commander. */
function fillsFromText(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MOST_FILLS) return count;
  throw new InvalidArgumentError(`A whole number from 1 to ${MOST_FILLS} is needed.`);
}

/** A model by that word, else a run. */
async function findPredictor(
  workbench: WorkbenchClient,
  word: string,
  weights: 'last' | 'best',
): Promise<Predictor> {
  const models = await workbench.call('models/list', {});
  try {
    return { kind: 'model', id: pick('model', models, word).id };
  } catch (error) {
    if (!isNotFound(error, 'model')) throw error;
  }
  try {
    const { id } = await workbench.call('runs/show', { run: word });
    return { kind: 'run', id, weights };
  } catch (error) {
    if (!isNotFound(error, 'run')) throw error;
    throw new UserError(
      'fill-mask/not-found',
      `There is no model and no run "${word}".`,
      'See `palimpsest model list` and `palimpsest runs list`.',
    );
  }
}

function isNotFound(error: unknown, kind: string): boolean {
  return error instanceof UserError && error.code === `${kind}/not-found`;
}

function describe(sides: readonly Side[]): string {
  const [first, second] = sides;
  if (first === undefined) return '';
  const blocks = first.masks.map((_, mask) => {
    const title = first.masks.length > 1 ? `Mask ${mask + 1}\n` : '';
    const tables = sides.map((side) => {
      const other = side === first ? second : first;
      return `${side.name}\n${describeMask(side, other, mask)}`;
    });
    return `${title}${tables.join('\n')}`;
  });
  return `${blocks.join('\n')}${sides.map(describeCut).join('')}`;
}

function describeMask(side: Side, other: Side | undefined, mask: number): string {
  const { fills = [] } = side.masks[mask] ?? {};
  return table(
    [
      { title: 'rank', align: 'right' },
      { title: 'token' },
      { title: 'probability', align: 'right' },
      ...(other === undefined ? [] : ([{ title: `in ${other.name}`, align: 'right' }] as const)),
    ],
    fills.map((fill) => [
      formatCount(fill.rank),
      pieceText(fill),
      percent(fill.probability),
      ...(other === undefined ? [] : [twinText(fill, other, mask)]),
    ]),
  );
}

/** The same token on the other side: "rank 14, 1.20 %". */
function twinText(fill: Fill, other: Side, mask: number): string {
  const { fills = [], others = [] } = other.masks[mask] ?? {};
  const twin = [...fills, ...others].find(
    ({ text, startsWord, special }) =>
      text === fill.text && startsWord === fill.startsWord && special === fill.special,
  );
  if (twin === undefined) return 'no such token';
  return `rank ${formatCount(twin.rank)}, ${percent(twin.probability)}`;
}

/** Quoted where it would not be seen; "##" before a piece that continues a word. */
function pieceText({ text, startsWord }: Fill): string {
  const shown = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+$/u.test(text) ? text : JSON.stringify(text);
  return startsWord ? shown : `##${shown}`;
}

function percent(probability: number): string {
  return probability < 0.00005 ? '< 0.01 %' : `${(100 * probability).toFixed(2)} %`;
}

function describeCut({ name, tokens, maxSeqLength }: Side): string {
  const cut = tokens.filter(({ isCut }) => isCut).length;
  if (cut === 0) return '';
  return (
    `${name} reads ${formatCount(maxSeqLength)} tokens at a time: ${formatCount(cut)} of the ` +
    `${formatCount(tokens.length)} tokens of the text were left out, the farthest from the masks.\n`
  );
}
