import { describe, expect, it } from 'vitest';
import { curvesText, positionsOf } from '../../../../renderer/lib/curvesText.ts';

const sdt = {
  label: 'SDT, seed 1',
  points: [
    { x: 10, y: 2.5 },
    { x: 30, y: 2 },
  ],
};
const ewc = {
  label: 'EWC "λ 10"',
  points: [
    { x: 10, y: 3 },
    { x: 20, y: 2.75 },
  ],
};

describe('curves as text', () => {
  it('have a row for every x of any curve, in order', () => {
    expect(positionsOf([sdt, ewc])).toEqual([10, 20, 30]);
  });

  it('quote what would break a line, and leave empty what was not measured', () => {
    expect(curvesText('step', [sdt, ewc])).toBe(
      'step,"SDT, seed 1","EWC ""λ 10"""\n10,2.5,3\n20,,2.75\n30,2,',
    );
  });
});
