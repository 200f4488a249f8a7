import { tf } from '../tfjs.ts';
import type { Tensor2D, Tensor4D } from '../tfjs.ts';
import { isTracing } from '../trace/backend.ts';
import { dataValue, recordFused, reshaped } from './record.ts';

export interface AttentionOptions {
  /** (batch, sequence): added to every score of a key; absent when no token is padding. */
  readonly keyBias?: Tensor2D | undefined;
  /** (batch, heads, sequence, sequence): dropout mask on the probabilities, 0 or 1/keep. */
  readonly dropoutMask?: Tensor4D | undefined;
}

/**
 * Scaled dot-product attention (Vaswani et al. 2017): softmax(q kᵀ / √size + bias) v. Queries, keys
 * and values are (sequence, batch, heads, size), as is the result: with the sequence first, the
 * products read them where they lie and nothing but the results has to be transposed.
 *
 * With P the probabilities, M the dropout mask and D = rowsum(dO · O), the gradient of the scores
 * is P · (M · (dO vᵀ) − D), since rowsum(P · M · (dO vᵀ)) = rowsum(dO · O).
 */
export function attention(
  query: Tensor4D,
  key: Tensor4D,
  value: Tensor4D,
  { keyBias, dropoutMask }: AttentionOptions,
): Tensor4D {
  const [sequence, batch, heads, size] = query.shape;
  const alpha = 1 / Math.sqrt(size);
  if (!isTracing()) {
    const [q, k, v] = [query, key, value].map((x) => tf.transpose(x, [1, 2, 0, 3]));
    let scores = tf.mul(tf.matMul(q, k, false, true), alpha);
    if (keyBias !== undefined) scores = tf.add(scores, keyBias.reshape([batch, 1, 1, sequence]));
    let probabilities = tf.softmax(scores);
    if (dropoutMask !== undefined) probabilities = tf.mul(probabilities, dropoutMask);
    return tf.transpose(tf.matMul(probabilities, v), [2, 0, 1, 3]);
  }
  return recordFused([query, key, value], (builder, [q, k, v]) => {
    const square = { shape: [batch, heads, sequence, sequence] };
    const product = (
      a: typeof q,
      b: typeof q,
      output: { readonly shape: readonly number[] },
      attributes: Readonly<Record<string, number | { readonly float: number }>>,
    ): typeof q => builder.node('FusedMatMul', [a, b], output, attributes, 'com.microsoft');
    const scale = { float: alpha };
    const byHead = { transBatchA: 1, transBatchB: 1, transB: 1 };
    let scores = product(q, k, square, { ...byHead, alpha: scale });
    if (keyBias !== undefined) {
      const bias = reshaped(dataValue(keyBias), [batch, 1, 1, sequence]);
      scores = builder.node('Add', [scores, bias], square);
    }
    const probabilities = builder.node('Softmax', [scores], square, { axis: -1 });
    const mask = dropoutMask === undefined ? undefined : dataValue(dropoutMask);
    const kept =
      mask === undefined ? probabilities : builder.node('Mul', [probabilities, mask], square);
    const headsFirst = { shape: [batch, heads, sequence, size] };
    const sequenceFirst = (x: typeof q): typeof q =>
      builder.node('Transpose', [x], q, { perm: [2, 0, 1, 3] });
    const output = sequenceFirst(product(kept, v, headsFirst, { transBatchB: 1 }));
    return {
      value: output,
      gradients: (dOutput) => {
        const dKept = product(dOutput, v, square, byHead);
        const dProbabilities =
          mask === undefined ? dKept : builder.node('Mul', [dKept, mask], square);
        const agreement = builder.node('Mul', [dOutput, output], q);
        const rowSums = builder.node(
          'ReduceSum',
          [agreement, builder.integers(-1)],
          { shape: [sequence, batch, heads, 1] },
          { keepdims: 1 },
        );
        const perRow = builder.node(
          'Transpose',
          [rowSums],
          { shape: [batch, heads, sequence, 1] },
          { perm: [1, 2, 0, 3] },
        );
        const centred = builder.node('Sub', [dProbabilities, perRow], square);
        const dScores = builder.node('Mul', [probabilities, centred], square);
        const back = { transBatchB: 1, alpha: scale };
        return [
          sequenceFirst(product(dScores, k, headsFirst, back)),
          sequenceFirst(product(dScores, q, headsFirst, { ...back, transA: 1 })),
          sequenceFirst(product(kept, dOutput, headsFirst, { transBatchB: 1, transA: 1 })),
        ];
      },
    };
  });
}
