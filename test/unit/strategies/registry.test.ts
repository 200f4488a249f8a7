import { describe, expect, it } from 'vitest';
import { strategyNamed, strategyNames } from '../../../core/strategies/registry.ts';

describe('strategies', () => {
  it('NDT takes no batch, SDT one target term of weight 1 in every step', () => {
    expect(strategyNamed('ndt').terms(0)).toEqual([]);
    for (const step of [0, 1, 1000]) {
      expect(strategyNamed('sdt').terms(step)).toEqual([{ stream: 'target', weight: 1 }]);
    }
  });

  it('names what there is when asked for something else', () => {
    expect(() => strategyNamed('SDT')).toThrowError(
      expect.objectContaining({
        code: 'strategy/unknown',
        hint: expect.stringContaining(strategyNames().join(', ')) as string,
      }),
    );
  });
});
