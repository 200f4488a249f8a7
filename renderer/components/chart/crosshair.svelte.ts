/** The position that several charts of one x axis share, and the part of it that they show. */

export class Crosshair {
  /** Where the pointer is, in the unit of x; undefined when it is in no chart. */
  x = $state<number | undefined>(undefined);
  /** The part shown; undefined is all. */
  range = $state.raw<{ readonly min: number; readonly max: number } | undefined>(undefined);

  reset(): void {
    this.range = undefined;
  }
}
