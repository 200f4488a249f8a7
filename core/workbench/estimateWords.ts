/** What an estimate is told in, the same on the screen and on the command line. */
import type { SharedWork } from './schemas/estimate.ts';

/** Work that is done once for all runs: "tokens of notes". */
export function sharedTitle({ kind, corpus }: SharedWork): string {
  switch (kind) {
    case 'tokens':
      return `tokens of ${corpus ?? ''}`;
    case 'frozen sets':
      return `evaluation sets of ${corpus ?? ''}`;
    case 'base scores':
      return 'scores of the base model';
    case 'Fisher diagonal':
      return `Fisher diagonal on ${corpus ?? ''}`;
  }
}
