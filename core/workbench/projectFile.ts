/** The project file: what a person writes once and both the wizard and the command line run. */
import { z } from 'zod';
import { trainingSettingsSchema } from '../training/configuration.ts';

const strategyName = z.enum(['ndt', 'sdt']);

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
  strategies: z.array(strategyName).min(1).default(['ndt', 'sdt']),
  seeds: z.array(z.int().nonnegative()).min(1).default([1]),
  training: trainingSettingsSchema.prefault({}),
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
