import { describe, expect, it } from 'vitest';
import { fisherSettingsSchema } from '../../../core/strategies/fisherSettings.ts';
import { strategyLabel, strategyPartsSchema } from '../../../core/strategies/parts.ts';
import { runSpecificationSchema } from '../../../core/training/configuration.ts';
import type { RunSpecification } from '../../../core/training/configuration.ts';
import { conventionsOf } from '../../../core/training/conventions.ts';

const corpus = { corpusId: 'c', contentHash: 'c', shardFolder: '/shards' };

function specification(parts: object, change: object = {}): RunSpecification {
  return runSpecificationSchema.parse({
    runId: 'run',
    runFolder: '/run',
    modelFolder: '/model',
    modelHash: 'm',
    tokenizerHash: 't',
    strategy: strategyLabel(strategyPartsSchema.parse(parts)),
    parts,
    seed: 1,
    settings: {},
    target: corpus,
    rehearsal: { ...corpus, buffer: {} },
    fisher: {
      id: 'f',
      corpusHash: 'c',
      settings: fisherSettingsSchema.parse({}),
      folder: '/fisher',
    },
    evaluations: [],
    ...change,
  });
}

describe('conventionsOf', () => {
  it('writes the equation out', () => {
    const equation = (parts: object): string | undefined =>
      conventionsOf(specification(parts))['objective'];
    expect(equation({})).toBe('minimise ℓ_t');
    expect(equation({ rh: { lambda: 0.5 } })).toBe('minimise ℓ_t + 0.5 ℓ_s');
    expect(equation({ l2: { lambda: 0.01 } })).toBe('minimise ℓ_t + (0.01/2) Σ (θ − θ*)²');
    expect(equation({ rh: {}, ewc: { lambda: 10 } })).toBe(
      'minimise ℓ_t + ℓ_s + (10/2) Σ F (θ − θ*)²',
    );
    expect(equation({ gem: {} })).toBe('minimise ℓ_t, the gradient not opposing that of ℓ_s');
    expect(equation({ lwf: { lambda: 3, temperature: 2 } })).toBe(
      'minimise ℓ_t + 3 · 2² KL(p_θ* ‖ p_θ)',
    );
    expect(equation({ ewc: { lambda: 0 } })).toBe('minimise ℓ_t');
  });

  it('says nothing of what a run does not have', () => {
    expect(Object.keys(conventionsOf(specification({}))).toSorted()).toEqual([
      'evaluation',
      'loss',
      'masking',
      'objective',
      'optimizer',
      'order',
      'packing',
    ]);
    expect(conventionsOf({ ...specification({}), strategy: 'ndt' })).toEqual({
      objective: 'none: the base model as it is',
      evaluation: expect.any(String) as string,
    });
  });

  it('tells whether LayerNorm is penalised, and how F was estimated', () => {
    const both = conventionsOf(specification({ l2: { layer_norm: false }, ewc: {} }));
    expect(both['l2_layer_norm']).toContain('are not penalised');
    expect(both['ewc_layer_norm']).toContain('are penalised');
    expect(both['penalty']).toContain('½');
    expect(both['penalty_gradient']).toContain('coupled');
    expect(both['fisher']).toMatch(/mean over sequences .* dropout off, at most 1000 source/);
    const batch = specification({ ewc: {} });
    const settings = fisherSettingsSchema.parse({ variant: 'batch', batch_size: 8 });
    expect(
      conventionsOf({ ...batch, fisher: batch.fisher && { ...batch.fisher, settings } })['fisher'],
    ).toContain('batches of 8 sequences');
    expect(conventionsOf(specification({ l2: {} }))).not.toHaveProperty('fisher');
  });

  it('tells packing, masking, rehearsal, projection, temperature and layer rates', () => {
    const concatenated = specification(
      { rh: { ratio: 0.5 }, lwf: { temperature: 4 }, lrc: { decay: 0.7 } },
      { settings: { packing: 'concatenate', whole_word_mask: true, mlm_probability: 0.3 } },
    );
    const conventions = conventionsOf(concatenated);
    expect(conventions['packing']).toMatch(/^concatenate: /);
    expect(conventions['masking']).toMatch(/^0.3 of the tokens, whole words at a time/);
    expect(conventions['rehearsal']).toMatch(/^0.5 source sequences .* 10000 drawn uniformly/);
    const inBatchesOf = (batchSize: number): string | undefined =>
      conventionsOf(
        specification(
          { rh: { ratio: 0.25 } },
          { settings: { per_device_train_batch_size: batchSize } },
        ),
      )['rehearsal'];
    expect(inBatchesOf(32)).toMatch(
      /^0.25 source sequences for each target sequence: 8 with the 32 of a micro-batch; from/,
    );
    expect(inBatchesOf(1)).toMatch(
      /^1 source sequences .*: 1 with the 1 of a micro-batch, the nearest to the ratio 0.25 that/,
    );
    expect(inBatchesOf(6)).toMatch(/^0.333 source sequences .*: 2 with the 6 of/);
    expect(conventions['distillation']).toContain('temperature 4');
    expect(conventions['layer_rates']).toContain('0.7');
    expect(conventionsOf(specification({ gem: {} }))['projection']).toContain('g · m < 0');
  });

  it('tells when a forgetting guard ends the training, and with which weights', () => {
    const guarded = (action: string): string | undefined => {
      const settings = { eval_steps: 50, forgetting_guard: { max_forgetting: 0.2, action } };
      return conventionsOf(specification({}, { settings }))['forgetting_guard'];
    };
    expect(guarded('stop')).toMatch(/^every 50 steps .* more than 0.2 nats .* of that step$/);
    expect(guarded('rollback')).toMatch(
      /least target loss .* a run that diverges counts as beyond every bound$/,
    );
    expect(conventionsOf(specification({}))).not.toHaveProperty('forgetting_guard');
  });

  it('tells of an interpolation what it lies between, and no training of its own', () => {
    const interpolation = {
      ...{ run: 'run-b', configurationHash: 'c', step: 60, alpha: 0.3 },
      checkpointFolder: '/run-b/checkpoints/step-60',
    };
    const settings = { forgetting_guard: { max_forgetting: 1 } };
    const conventions = conventionsOf(specification({ ewc: {} }, { interpolation, settings }));
    expect(Object.keys(conventions).toSorted()).toEqual([
      'evaluation',
      'objective',
      'trained_objective',
      'weights',
    ]);
    expect(conventions['weights']).toMatch(/\(1 − α\) θ\* \+ α θ with α 0.3; .* run-b .* step 60/);
    expect(conventions['trained_objective']).toContain('Σ F (θ − θ*)²');
  });
});
