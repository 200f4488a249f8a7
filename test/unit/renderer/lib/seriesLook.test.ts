import { describe, expect, test } from 'vitest';
import { measuredSeries } from '../../../../renderer/lib/compareView.ts';
import { thirdSeries } from '../../../../renderer/lib/runCharts.ts';
import { knownSeries, seriesLook } from '../../../../renderer/lib/seriesLook.ts';

/** What core/training/meter.ts reports of a run with every part. */
const REPORTED = [
  ...['target_loss', 'source_loss', 'distillation_loss', 'penalty', 'penalty_ratio'],
  ...['penalty_gradient_norm', 'task_gradient_norm', 'projection_rate', 'projection_cosine'],
  ...['gradient_norm', 'learning_rate', 'tokens_per_second', 'resident_bytes'],
].map((name) => `train/${name}`);

describe('the look of a series', () => {
  test('every series that a run reports has a name of its own', () => {
    const names = [...REPORTED, 'drift/total', 'drift/relative'];
    expect(knownSeries(names)).toHaveLength(names.length);
    const labels = new Set(names.map((name) => seriesLook(name).label));
    expect(labels.size).toBe(names.length);
  });

  test('is the same on the screen of a run and where runs are compared', () => {
    const offered = thirdSeries(REPORTED);
    expect(offered).toHaveLength(REPORTED.length - 2);
    const compared = measuredSeries(REPORTED);
    for (const name of offered) {
      const { label, unit, format } = seriesLook(name);
      const one = compared.find(({ keys }) => keys.includes(name));
      expect(one).toMatchObject({ title: label, unit, format });
    }
  });

  test('one of several penalties is called as the series of all of them', () => {
    expect(seriesLook('train/penalty_ewc')).toMatchObject({ label: 'Penalty, EWC', unit: 'nats' });
    expect(seriesLook('train/penalty_ratio_l2').label).toBe('Penalty over task gradient, L2');
    expect(seriesLook('train/penalty_gradient_norm_l2').label).toBe('Penalty gradient norm, L2');
  });

  test('depths are told apart and stand in their order', () => {
    const keys = [10, 0, 2].map((depth) => `drift/depth_${depth}`);
    expect(measuredSeries(keys).map(({ title }) => title)).toEqual([
      'Distance from the base model, depth 2',
      'Distance from the base model, depth 10',
      'Distance from the base model, embeddings',
    ]);
  });

  test('memory is written in the units of the rest of the program', () => {
    const { unit, format } = seriesLook('train/resident_bytes');
    expect([unit, format(2.5e9)]).toEqual(['bytes', '2.5 GB']);
  });

  test('one that nobody has named is called by its own words', () => {
    expect(seriesLook('train/unheard_of')).toMatchObject({ label: 'Unheard of', unit: '' });
  });
});
