/** Files and folders that cannot be imported, each broken in one way. */
import { chmod, copyFile, cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const REPOSITORY = join(import.meta.dirname, '../../..');
const MODEL = join(REPOSITORY, 'resources/demo/base-model');

/** Corpus text: it may never be repeated by a message. */
export const SECRET = 'Jane Doe';

export interface BadInput {
  readonly what: string;
  /** Makes it in `folder` and returns its path. */
  readonly make: (folder: string) => Promise<string>;
  /** What has happened and where; the path's last name stands for the place. */
  readonly message: RegExp;
  /** What to do next. */
  readonly hint: RegExp;
}

/** A copy of a good model in a folder of this name, changed by `breakIt`. */
async function brokenModel(
  folder: string,
  name: string,
  breakIt: (path: string) => Promise<unknown>,
): Promise<string> {
  const path = join(folder, name);
  await cp(MODEL, path, { recursive: true });
  await breakIt(path);
  return path;
}

async function withConfig(path: string, change: object): Promise<void> {
  const config = join(path, 'config.json');
  const known = JSON.parse(await readFile(config, 'utf8')) as object;
  await writeFile(config, JSON.stringify({ ...known, ...change }));
}

export const BAD_MODELS: readonly BadInput[] = [
  {
    what: 'a path that leads nowhere',
    make: async (folder) => join(folder, 'no-such-model'),
    message: /no such file or folder.*no-such-model/i,
    hint: /Check the path/,
  },
  {
    what: 'a file instead of a folder',
    make: async (folder) => {
      const path = join(folder, 'weights.safetensors');
      await copyFile(join(MODEL, 'model.safetensors'), path);
      return path;
    },
    message: /folder was expected but this is a file.*weights\.safetensors/i,
    hint: /Name a folder/,
  },
  {
    what: 'a folder without config.json',
    make: (folder) => brokenModel(folder, 'no-config', (path) => rm(join(path, 'config.json'))),
    message: /no-config is not a model folder: it has no config\.json/,
    hint: /Hugging Face/,
  },
  {
    what: 'a broken config.json',
    make: (folder) =>
      brokenModel(folder, 'broken-config', (path) => writeFile(join(path, 'config.json'), '{')),
    message: /broken-config\/config\.json is not JSON/,
    hint: /Fetch the file again/,
  },
  {
    what: 'another architecture',
    make: (folder) =>
      brokenModel(folder, 'generator', (path) =>
        withConfig(path, { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'] }),
      ),
    message: /generator\/config\.json: the model type "gpt2" is not supported/,
    hint: /Supported model types: .*bert/,
  },
  {
    what: 'weights that end early',
    make: (folder) =>
      brokenModel(folder, 'half-copied', (path) => truncate(join(path, 'model.safetensors'), 9000)),
    message: /half-copied\/model\.safetensors .*(ends|bytes|early)/,
    hint: /again/,
  },
  {
    what: 'no tokenizer',
    make: (folder) =>
      brokenModel(folder, 'wordless', async (path) => {
        await rm(join(path, 'vocab.txt'));
        await rm(join(path, 'tokenizer_config.json'));
      }),
    message: /wordless has no tokenizer/,
    hint: /Put the tokenizer's files into the folder/,
  },
  {
    what: 'a pickle that wants to run a program',
    make: (folder) =>
      brokenModel(folder, 'hostile', async (path) => {
        await rm(join(path, 'model.safetensors'));
        await copyFile(
          join(REPOSITORY, 'test/fixtures/torch/hostile.bin'),
          join(path, 'pytorch_model.bin'),
        );
      }),
    message: /hostile\/pytorch_model\.bin asks for /,
    hint: /save the model as safetensors on a machine where you trust this file/,
  },
  {
    what: 'a folder that may not be read',
    make: (folder) => brokenModel(folder, 'locked-model', (path) => chmod(path, 0)),
    message: /Permission was denied.*locked-model/,
    hint: /permissions/,
  },
];

async function file(folder: string, name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

export const BAD_CORPORA: readonly BadInput[] = [
  {
    what: 'a path that leads nowhere',
    make: async (folder) => join(folder, 'no-such-notes.txt'),
    message: /no such file or folder.*no-such-notes\.txt/i,
    hint: /Check the path/,
  },
  {
    what: 'an empty file',
    make: (folder) => file(folder, 'empty.txt', ''),
    message: /nothing but empty documents in empty\.txt/,
    hint: /Check the files and the chosen column/,
  },
  {
    what: 'a column that is no text',
    make: (folder) => file(folder, 'counts.jsonl', '{"text": 12}\n{"text": 13}\n'),
    message: /counts\.jsonl/,
    hint: /column|text/,
  },
  {
    what: 'a broken CSV file',
    make: (folder) => file(folder, 'broken.csv', `text,id\n${SECRET},1,2\n`),
    message: /Line 2 of broken\.csv has more fields than the header/,
    hint: /Correct the row/,
  },
  {
    what: 'a broken JSON Lines file',
    make: (folder) => file(folder, 'broken.jsonl', `{"text":"a"}\n{"text": ${SECRET}}\n`),
    message: /Line 2 of broken\.jsonl is not JSON/,
    hint: /Each line has to be one JSON object/,
  },
  {
    what: 'a broken Parquet file',
    make: (folder) => file(folder, 'broken.parquet', Buffer.from(`PAR1${SECRET.repeat(40)}PAR1`)),
    message: /broken\.parquet cannot be read as Parquet/,
    hint: /Copy or write the file again/,
  },
  {
    what: 'a gzip file that ends early',
    make: (folder) => file(folder, 'cut.txt.gz', gzipSync(SECRET.repeat(1000)).subarray(0, 40)),
    message: /cut\.txt\.gz is not a complete gzip file/,
    hint: /Copy or download the file again/,
  },
  {
    what: 'a format that is not known',
    make: (folder) => file(folder, 'letter.docx', SECRET),
    message: /letter\.docx is not known/,
    hint: /\.txt/,
  },
  {
    what: 'a folder without texts',
    make: async (folder) => {
      const path = join(folder, 'pictures');
      await mkdir(path);
      await writeFile(join(path, 'scan.png'), 'x');
      return path;
    },
    message: /no file to read in .*pictures/,
    hint: /\.txt/,
  },
  {
    what: 'a file that may not be read',
    make: async (folder) => {
      const path = await file(folder, 'locked.txt', SECRET);
      await chmod(path, 0);
      return path;
    },
    message: /Permission was denied.*locked\.txt/,
    hint: /permissions/,
  },
];
