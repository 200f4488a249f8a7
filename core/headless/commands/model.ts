import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Model } from '../../workbench/contract.ts';
import {
  answerFromWorkbench,
  examples,
  newCommand,
  wholeNumber,
  callWithProgress,
} from '../command.ts';
import type { CommonOptions, Session } from '../command.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import { facts, table } from '../output/table.ts';

interface ImportOptions extends CommonOptions {
  readonly name?: string;
  readonly link?: boolean;
}

interface InitOptions extends CommonOptions {
  readonly config: string;
  readonly tokenizer: string;
  readonly name: string;
  readonly seed: number;
}

/** `model import`, `model list`, `model init` and `model remove`. */
export function addModelCommands(group: Command, session: Session): void {
  const { environment } = session;

  const importing = newCommand(
    'import',
    'import a Hugging Face folder',
    'Imports a pretrained BERT, DistilBERT or RoBERTa model: a folder with config.json, the weights ' +
      '(model.safetensors, sharded or single, or pytorch_model.bin) and the tokenizer files.',
  )
    .argument('<folder>', 'folder of the model')
    .option('--name <name>', 'name to use in project files (default: name of the folder)')
    .option('--link', 'keep the files where they are instead of copying them')
    .addHelpText('after', examples('palimpsest model import ./bert-base-uncased --name bert-base'))
    .action((folder: string, { name, link, ...options }: ImportOptions) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const request = {
          path: resolve(folder),
          ...(name === undefined ? {} : { name }),
          link: link ?? false,
        };
        const model = await callWithProgress(environment, workbench, 'models/import', request);
        return { document: model, text: `Imported model ${model.name}.\n${describeModel(model)}` };
      }),
    );

  const initialising = newCommand(
    'init',
    'make a model with random weights',
    'Makes a model with random weights from a config.json and a tokenizer, to pretrain it here.',
  )
    .requiredOption('--config <file>', 'config.json of the architecture')
    .requiredOption('--tokenizer <folder>', 'folder with the tokenizer files')
    .requiredOption('--name <name>', 'name to use in project files')
    .option('--seed <number>', 'seed of the weights', wholeNumber, 0)
    .addHelpText(
      'after',
      examples(
        'palimpsest model init --config bert-mini/config.json --tokenizer bert-mini --name scratch',
      ),
    )
    .action(({ config, tokenizer, name, seed, ...options }: InitOptions) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const model = await workbench.call('models/init', {
          configPath: resolve(config),
          tokenizerPath: resolve(tokenizer),
          name,
          seed,
        });
        return { document: model, text: `Made model ${model.name}.\n${describeModel(model)}` };
      }),
    );

  const listing = newCommand('list', 'list the models').action((options: CommonOptions) =>
    answerFromWorkbench(session, options, async (workbench) => {
      const models = await workbench.call('models/list', {});
      return { document: models, text: describeModels(models) };
    }),
  );

  const removing = newCommand(
    'remove',
    'remove a model that no run began with',
    'Removes a model and the copy of its files; the files of a linked model stay. A model that a run ' +
      'began with is kept, because the run cannot do without it.',
  )
    .argument('<model>', 'name or id of the model')
    .option('-y, --yes', 'do not ask')
    .action((model: string, { yes, ...options }: CommonOptions & { readonly yes?: boolean }) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const asked = yes === true || options.json === true;
        const question = `Remove model ${model}? To have it again, its folder has to be imported again.`;
        if (!asked && (await environment.confirm(question)) === false) {
          return { document: null, text: 'Nothing was removed.\n', exitCode: 1 };
        }
        const removed = await workbench.call('models/remove', { model });
        const text = `Removed model ${removed.name}: ${formatBytes(removed.bytes)}, freed at the next start.\n`;
        return { document: removed, text };
      }),
    );

  for (const command of [importing, initialising, listing, removing]) group.addCommand(command);
}

function describeModel(model: Model): string {
  const casing = model.cased ? 'cased' : 'uncased';
  const entries: [string, string][] = [
    ['id', model.id],
    [
      'architecture',
      `${model.architecture}, ${model.layers} layers, hidden size ${model.hiddenSize}`,
    ],
    ['parameters', formatCount(model.parameters)],
    ['tokenizer', `${model.tokenizerKind}, ${casing}, ${formatCount(model.vocabSize)} entries`],
    ['max_seq_length', `${model.maxSeqLength} tokens`],
    ['files', `${model.folder}${model.linked ? ' (linked)' : ''}`],
    ...model.notices.map((notice): [string, string] => ['note', notice]),
  ];
  return facts(entries);
}

function describeModels(models: readonly Model[]): string {
  if (models.length === 0) {
    return 'No models yet. "palimpsest model import FOLDER" imports one.\n';
  }
  return table(
    [
      { title: 'name' },
      { title: 'architecture' },
      { title: 'layers', align: 'right' },
      { title: 'hidden', align: 'right' },
      { title: 'parameters', align: 'right' },
      { title: 'vocabulary', align: 'right' },
      { title: 'id' },
    ],
    models.map((model) => [
      model.name,
      model.architecture,
      String(model.layers),
      String(model.hiddenSize),
      formatCount(model.parameters),
      formatCount(model.vocabSize),
      model.id,
    ]),
  );
}
