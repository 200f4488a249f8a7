/** What is wrong with a draft, by the same checks as the command line makes, and where to mend it. */
import './withoutEval.ts';
import { UserError } from '../../../core/base/errors.ts';
import type { Corpus, Model } from '../../../core/workbench/contract.ts';
import { pick } from '../../../core/workbench/find.ts';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';
import type { ProjectFile } from '../../../core/workbench/projectFile.ts';
import { findProblems } from '../../../core/workbench/projectFileProblems.ts';
import type { Problem } from '../../../core/workbench/projectFileProblems.ts';
import { findMisfits } from '../../../core/workbench/projectFit.ts';
import { USE_OF, sourceWords } from '../../../core/workbench/sourceUses.ts';
import { sourceNeeds } from '../../../core/workbench/strategyEntries.ts';
import type { Step } from './draft.ts';

export interface DraftProblem {
  readonly path: readonly PropertyKey[];
  readonly step: Step;
  /** One or two sentences, fit to stand below the field. */
  readonly message: string;
  /** Not wrong but not there yet: told when the step has been left. */
  readonly isMissing: boolean;
}

export interface DraftCheck {
  /** Undefined while the schema finds anything wrong. */
  readonly project: ProjectFile | undefined;
  /** Empty when the project can be started. */
  readonly problems: readonly DraftProblem[];
}

/** What the home folder has; undefined while it is not known yet. */
export interface Known {
  readonly models: readonly Model[] | undefined;
  readonly corpora: readonly Corpus[] | undefined;
}

export function checkDraft(input: Readonly<Record<string, unknown>>, known: Known): DraftCheck {
  const parsed = projectFileSchema.safeParse(input);
  const problems = findProblems(input, parsed.success ? [] : parsed.error.issues).map(ofProblem);
  problems.push(...unknownNames(input, known));
  const project = parsed.success && problems.length === 0 ? parsed.data : undefined;
  if (project !== undefined) {
    problems.push(...missingUses(project));
    if (problems.length === 0) problems.push(...misfits(project, known));
  }
  return { project: parsed.data, problems };
}

export function stepOf(path: readonly PropertyKey[]): Step {
  switch (path[0]) {
    case 'base_model':
      return 'model';
    case 'target_corpus':
      return 'target';
    case 'source_corpus':
      return 'source';
    case 'strategies':
    case 'seeds':
    case 'selection':
    case 'rehearsal':
    case 'fisher':
      return 'strategies';
    case 'training':
      return path[1] === 'forgetting_guard' ? 'strategies' : 'settings';
    case 'evaluation':
    case 'engine':
    case 'threads':
      return 'settings';
    default:
      return 'review';
  }
}

const MISSING: Readonly<Record<string, string>> = {
  name: 'Give the project a name.',
  base_model: 'Choose the model that is to be tuned.',
  target_corpus: 'Choose the text of the specialist domain.',
  source_corpus: 'Choose the text of the general domain.',
  'source_corpus.evaluation': 'Choose the text that forgetting is measured on.',
  'training.forgetting_guard.max_forgetting': 'Say how far the source loss may rise.',
};

function ofProblem({ kind, path, what, hint, allowed }: Problem): DraftProblem {
  const key = path.map(String).join('.');
  const isEmptyList = (key === 'strategies' || key === 'seeds') && kind === 'wrong-value';
  let message = `${capitalise(ownWords(what))}. ${hint}`;
  if (kind === 'missing-key') message = MISSING[key] ?? `Must be ${allowed ?? 'given'}.`;
  else if (isEmptyList) message = `Give at least one ${key === 'seeds' ? 'seed' : 'strategy'}.`;
  else if (allowed !== undefined) message = `Must be ${allowed}.`;
  return { path, step: stepOf(path), message, isMissing: kind === 'missing-key' };
}

/** A strategy is told at its own place, so it need not be counted out. */
function ownWords(what: string): string {
  return what
    .replace(/^strategies\[\d+\](?= )/, 'this strategy')
    .replace(/^strategies names .+ twice$/, 'this strategy is there twice')
    .replace(/strategies\[(\d+)\]/, 'strategy $1');
}

function unknownNames(input: Readonly<Record<string, unknown>>, known: Known): DraftProblem[] {
  const problems: DraftProblem[] = [];
  const check = (path: readonly string[], word: unknown, find: (word: string) => unknown): void => {
    if (typeof word !== 'string') return;
    const message = sentenceOf(() => find(word));
    if (message !== undefined)
      problems.push({ path, step: stepOf(path), message, isMissing: false });
  };
  const { models, corpora } = known;
  if (models) check(['base_model'], input['base_model'], (word) => findModel(models, word));
  if (!corpora) return problems;
  const find = (word: string): unknown => pick('corpus', corpora, word);
  check(['target_corpus'], input['target_corpus'], find);
  const source = input['source_corpus'];
  if (typeof source === 'object' && source !== null) {
    for (const [use, word] of Object.entries(source)) check(['source_corpus', use], word, find);
  } else check(['source_corpus'], source, find);
  return problems;
}

/** As the service finds it: by its folder, or by name or id. */
export function findModel(models: readonly Model[], word: string): Model {
  return models.find(({ folder }) => folder === word) ?? pick('model', models, word);
}

/** Undefined when nothing, or more than one thing, is meant. */
export function found<Item>(find: () => Item): Item | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

export function findCorpus(corpora: readonly Corpus[], word: string): Corpus | undefined {
  return found(() => pick('corpus', corpora, word));
}

function missingUses(project: ProjectFile): DraftProblem[] {
  const message = sentenceOf(() => sourceWords(project));
  if (message === undefined) return [];
  const given = Object(project.source_corpus) as Partial<Record<string, string>>;
  const use = [...sourceNeeds(project).keys()]
    .map((need) => USE_OF[need])
    .find((one) => given[one] === undefined);
  return [
    { path: ['source_corpus', use ?? 'evaluation'], step: 'source', message, isMissing: true },
  ];
}

function misfits(project: ProjectFile, { models, corpora }: Known): DraftProblem[] {
  if (models === undefined || corpora === undefined) return [];
  const words = sourceWords(project);
  const corpus = (word: string) => {
    const { splitDocuments, ...rest } = pick('corpus', corpora, word);
    return {
      ...rest,
      trainDocuments: splitDocuments.train,
      validationDocuments: splitDocuments.validation,
      testDocuments: splitDocuments.test,
    };
  };
  const material = {
    model: findModel(models, project.base_model),
    target: corpus(project.target_corpus),
    source: {
      evaluation: corpus(words.evaluation),
      rehearsal: words.rehearsal === undefined ? undefined : corpus(words.rehearsal),
      fisher: words.fisher === undefined ? undefined : corpus(words.fisher),
    },
  };
  return findMisfits(project, material).map(({ path, sentence, hint }) => ({
    path,
    step: stepOf(path),
    message: `${capitalise(sentence)} ${hint}`,
    isMissing: false,
  }));
}

function sentenceOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return `${error.message} ${error.hint}`;
    throw error;
  }
}

const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
