import { tf } from '../tfjs.ts';
import type { Tensor1D, Tensor2D } from '../tfjs.ts';
import { isTracing } from '../trace/backend.ts';
import { dataValue, recordFused } from './record.ts';

/**
 * Rows of x (rows, size) at `indices` (taken) → (taken, size), with a gradient that needs no
 * scatter: `slots` (rows) holds for each row of x its place in `indices`, or `taken` when it is not
 * taken. An index may repeat only where the gradient of all its occurrences but the one in `slots`
 * is zero (padding).
 */
export function takeRows(x: Tensor2D, indices: Tensor1D, slots: Tensor1D): Tensor2D {
  if (!isTracing()) return tf.gather(x, indices);
  return recordFused([x], (builder, [xValue]) => {
    const [taken] = indices.shape;
    const [, size] = xValue.shape;
    return {
      value: builder.node('Gather', [xValue, dataValue(indices)], { shape: [taken, size] }),
      gradients: (dy) => {
        const zeroRow = builder.splat(0, [1, size]);
        const padded = builder.node(
          'Concat',
          [dy, zeroRow],
          { shape: [taken + 1, size] },
          { axis: 0 },
        );
        return [builder.node('Gather', [padded, dataValue(slots)], xValue)];
      },
    };
  });
}
