import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../base/errors.ts';
import type { ParameterSpec, Weights } from '../engine/types.ts';
import { fisherId } from '../strategies/fisherConvention.ts';
import { readFisher, requireFisherOf } from '../strategies/fisherFolder.ts';
import type { FisherFile } from '../strategies/fisherFolder.ts';
import type { RunSpecification } from './configuration.ts';
import type { TrainingResources } from './resources.ts';

/** Training settings that say how the sequences of an estimate are cut and masked. */
const SHARED_SETTINGS = [
  'max_seq_length',
  'packing',
  'mlm_probability',
  'whole_word_mask',
] as const;

export interface OpenedFisher {
  readonly description: NonNullable<TrainingResources['fisher']>;
  /** By canonical parameter name. */
  readonly diagonal: Weights;
}

/**
 * Reads the Fisher diagonal of a run, which names one.
 * @throws UserError `fisher/…` when it is damaged or was not estimated from what the run says
 */
export async function openFisher(
  specification: RunSpecification,
  parameters: readonly ParameterSpec[],
): Promise<OpenedFisher> {
  const { fisher, modelHash, tokenizerHash } = specification;
  if (fisher === undefined) throw new Error('The run names no Fisher diagonal.');
  const { id, folder, corpusHash, settings } = fisher;
  const { file, diagonal } = await readFisher(folder);
  requireFisherOf(file, folder, { modelHash, tokenizerHash, corpusHash });
  requireSettings(file, specification);
  requireShapes(diagonal, parameters, folder);
  return { description: { id, settings, health: file.health }, diagonal };
}

function requireSettings(file: FisherFile, { fisher, settings }: RunSpecification): void {
  const differs = SHARED_SETTINGS.find((name) => file[name] !== settings[name]);
  const same = fisherId(file) === fisher?.id && isDeepStrictEqual(file.settings, fisher.settings);
  if (differs === undefined && same) return;
  throw new UserError(
    'fisher/other-settings',
    `The Fisher diagonal in ${fisher?.folder ?? ''} was estimated with another ${differs ?? 'convention'} than the run's.`,
    'Run the project file again; an estimate that fits is then found or made.',
  );
}

function requireShapes(
  diagonal: Weights,
  parameters: readonly ParameterSpec[],
  folder: string,
): void {
  const wrong =
    diagonal.size === parameters.length
      ? parameters.find(
          ({ name, shape }) => diagonal.get(name)?.length !== shape.reduce((a, b) => a * b, 1),
        )?.name
      : `the list of ${diagonal.size}, not ${parameters.length}, tensors`;
  if (wrong === undefined) return;
  throw new UserError(
    'fisher/other-model',
    `The Fisher diagonal in ${folder} does not fit the model of this run: see ${wrong}.`,
    'Run the project file again; an estimate that fits is then found or made.',
  );
}
