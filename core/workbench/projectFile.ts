/** The project file: what a person writes once and both the wizard and the command line run. */
import { z } from 'zod';
import { fisherSettingsSchema } from '../strategies/fisherSettings.ts';
import { STRATEGY_NAMES, strategyPartsSchema } from '../strategies/parts.ts';
import { strengthSchema } from '../strategies/strength.ts';
import { trainingSettingsSchema } from '../training/configuration.ts';
import { rehearsalSettingsSchema } from '../training/rehearsalSettings.ts';

/** One value, or several of which the best on the validation split is chosen. */
const sweptStrength = z.union([strengthSchema, z.array(strengthSchema).min(1)]);

const { rh, l2, ewc, gem, lwf, lrc } = strategyPartsSchema.shape;

/** Every combination of the values in one entry is a run to choose from. */
export const MOST_COMBINATIONS = 100;

/** Parts with their settings: `ewc: {lambda: [10, 100, 1000]}`, `rh: {}` and `ewc: {}` together. */
const strategyEntryParts = z
  .strictObject({
    rh: rh
      .unwrap()
      .extend({ lambda: sweptStrength.default(1) })
      .optional(),
    l2: l2
      .unwrap()
      .extend({ lambda: sweptStrength.default(0.01) })
      .optional(),
    ewc: ewc
      .unwrap()
      .extend({ lambda: sweptStrength.default(100) })
      .optional(),
    gem: gem,
    lwf: lwf
      .unwrap()
      .extend({ lambda: sweptStrength.default(1) })
      .optional(),
    lrc: lrc,
  })
  .superRefine((parts, context) => {
    const fault = faultOf(parts);
    if (fault) context.addIssue({ code: 'custom', message: fault.what, params: fault });
  });
export type StrategyEntryParts = z.infer<typeof strategyEntryParts>;

/** What is wrong with parts that are each right: a clause that follows the entry's name, and a hint. */
export interface EntryFault {
  readonly what: string;
  readonly hint: string;
}

function faultOf(parts: Readonly<Record<string, object | undefined>>) {
  const given = Object.values(parts).filter((part) => part !== undefined);
  const combinations = given.reduce(
    (product, part) =>
      product * ('lambda' in part && Array.isArray(part.lambda) ? part.lambda.length : 1),
    1,
  );
  const faults: readonly (readonly [boolean, EntryFault])[] = [
    [
      given.length === 0,
      {
        what: 'names no part',
        hint: 'Write sdt for domain tuning without parts, or parts such as ewc: {lambda: 100}.',
      },
    ],
    [
      parts['rh'] !== undefined && parts['gem'] !== undefined,
      {
        what: 'has both rh and gem, which each spend the source batch of a step',
        hint: 'Make them two strategies, or leave one out.',
      },
    ],
    [
      combinations > MOST_COMBINATIONS,
      {
        what: `means ${combinations} combinations of values, more than ${MOST_COMBINATIONS}`,
        hint: 'Give fewer values; each combination is a run.',
      },
    ],
  ];
  return faults.find(([isFault]) => isFault)?.[1];
}

/** A name, or parts with settings. */
export const strategyEntrySchema = z.union([z.enum(STRATEGY_NAMES), strategyEntryParts]);
export type StrategyEntry = z.infer<typeof strategyEntrySchema>;

export const projectFileSchema = z.strictObject({
  name: z.string().min(1),
  /** Name, id or folder of an imported model. */
  base_model: z.string().min(1),
  target_corpus: z.string().min(1),
  /** One corpus for every use of the source domain, or one corpus a use. */
  source_corpus: z.union([
    z.string().min(1),
    z.strictObject({
      evaluation: z.string().min(1),
      rehearsal: z.string().min(1).optional(),
      fisher: z.string().min(1).optional(),
    }),
  ]),
  strategies: z.array(strategyEntrySchema).min(1).default(['ndt', 'sdt']),
  seeds: z.array(z.int().nonnegative()).min(1).default([1]),
  training: trainingSettingsSchema.prefault({}),
  /** How λ is chosen where several values are given. */
  selection: z
    .strictObject({
      /** Optimizer steps of the runs that are compared; default: those of the training. */
      max_steps: z.int().positive().optional(),
      /** Default: the first of the project's seeds. */
      seed: z.int().nonnegative().optional(),
      /** The least target loss + source_weight × source loss on the validation split is chosen. */
      source_weight: z.number().nonnegative().default(1),
    })
    .prefault({}),
  /** The buffer that RH and GEM draw source text from. */
  rehearsal: rehearsalSettingsSchema.prefault({}),
  /** The Fisher diagonal that EWC weighs by. */
  fisher: fisherSettingsSchema.prefault({}),
  evaluation: z
    .strictObject({
      /** Share of tokens in the frozen-mask sets that is masked and scored. */
      mask_probability: z.number().gt(0).lt(1).default(0.15),
      /** Upper bound of tokens read for each frozen-mask set. */
      max_tokens: z.int().positive().default(200_000),
      seed: z.int().nonnegative().default(0),
    })
    .prefault({}),
  engine: z.enum(['auto', 'cpu', 'webgpu', 'tensorflow']).default('auto'),
  threads: z.int().positive().optional(),
});
export type ProjectFile = z.infer<typeof projectFileSchema>;
