import { resolve } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../../base/errors.ts';
import type { EngineChoice } from '../../engine/types.ts';
import { answer, engineOption, examples, newCommand, withProgress } from '../command.ts';
import type { Answer, CommonOptions, Session } from '../command.ts';
import { formatCount } from '../output/format.ts';
import { table } from '../output/table.ts';
import type { ScoredFile } from '../score/scoreFile.ts';

interface ScoreOptions extends CommonOptions {
  readonly model: string;
  readonly masked: string;
  readonly engine: EngineChoice;
}

/** `score`. */
export function scoreCommand(session: Session): Command {
  return newCommand(
    'score',
    'score masked tokens with a model',
    'Scores given masked tokens, so that any other implementation can be compared with this one. ' +
      'Each line of the file is a JSON object with input_ids and labels (−100 = not scored), and ' +
      'optionally attention_mask and token_type_ids. Needs no home folder.',
  )
    .requiredOption('--model <folder>', 'model folder in Hugging Face layout')
    .requiredOption('--masked <file>', 'masked examples, .jsonl or .jsonl.gz')
    .addOption(engineOption('compute engine').default('auto'))
    .addHelpText(
      'after',
      examples('palimpsest score --model ./bert-tiny --masked masked.jsonl --json'),
    )
    .action((options: ScoreOptions) =>
      answer(session, options, async () => {
        // The engine is loaded only when it is needed; help has to appear at once.
        const { scoreFile } = await import('../score/scoreFile.ts');
        const { model, masked, engine } = options;
        const scored = await withProgress(session.environment, (onProgress) =>
          scoreFile(resolve(model), resolve(masked), engine, (done) => {
            onProgress({ stage: 'scoring', done, total: null, unit: 'lines' });
          }),
        );
        return scoreAnswer(scored, masked);
      }),
    );
}

function scoreAnswer({ lines, engine, device }: ScoredFile, masked: string): Answer {
  const sum = lines.reduce((total, line) => total + line.sum, 0);
  const count = lines.reduce((total, line) => total + line.count, 0);
  if (count === 0) {
    throw new UserError(
      'score/nothing-scored',
      `${masked} has no scored token.`,
      'Give labels other than −100 at the positions to score.',
    );
  }
  const meanNll = sum / count;
  const rows = lines.map((line) => [
    formatCount(line.line),
    line.sum.toFixed(6),
    formatCount(line.count),
  ]);
  const text = table(
    [
      { title: 'line', align: 'right' },
      { title: 'sum', align: 'right' },
      { title: 'count', align: 'right' },
    ],
    rows,
  );
  const mean = `meanNll ${meanNll.toFixed(6)} nats a token over ${formatCount(count)} tokens\n`;
  return { document: { meanNll, sum, count, engine, device, lines }, text: `${text}${mean}` };
}
