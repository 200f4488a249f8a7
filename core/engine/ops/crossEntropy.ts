import { tf } from '../tfjs.ts';
import type { Tensor1D, Tensor2D } from '../tfjs.ts';
import { isTracing } from '../trace/backend.ts';
import type { GraphBuilder, Value } from '../trace/graph.ts';
import { recordFused, reshaped } from './record.ts';

/**
 * Cross-entropy of a linear classifier over a large vocabulary, without ever holding its gradient
 * with respect to the logits: −log softmax(h Wᵀ + b)[label], nats, one for each row (rows).
 *
 * hidden (rows, size), weight (classes, size), bias (classes); `labelWeight` (rows, size) and
 * `labelBias` (rows) are weight and bias at the labels, looked up, so that their sparse part of
 * the gradient leaves as rows. With p the probabilities and g the gradient of the result:
 * d hidden = g (p W − W[label]), d weight = pᵀ (g h), d bias = gᵀ p; the look-ups get −g h and −g.
 */
export function crossEntropy(
  hidden: Tensor2D,
  weight: Tensor2D,
  bias: Tensor1D,
  labelWeight: Tensor2D,
  labelBias: Tensor1D,
): Tensor1D {
  if (!isTracing()) {
    const logits = tf.add(tf.matMul(hidden, weight, false, true), bias);
    const labelLogits = tf.add(tf.sum(tf.mul(hidden, labelWeight), 1), labelBias);
    return tf.sub(tf.logSumExp(logits, 1), labelLogits);
  }
  const inputs = [hidden, weight, bias, labelWeight, labelBias];
  return recordFused(inputs, (builder, [h, w, b, labelW, labelB]) => {
    const [rows, size] = h.shape;
    const [classes] = w.shape;
    const column = { shape: [rows, 1] };
    const full = { shape: [rows, classes] };
    const logits = builder.node('Gemm', [h, w, b], full, { transB: 1 });
    const probabilities = builder.node('Softmax', [logits], full, { axis: -1 });
    const normalizer = logSumExp(builder, logits, probabilities);
    const ofLabels = labelLogits(builder, h, labelW, labelB);
    const loss = builder.node('Sub', [normalizer, ofLabels], column);
    return {
      value: reshaped(loss, [rows]),
      gradients: (dy) => {
        const g = reshaped(dy, [rows, 1]);
        const weighted = builder.node('Mul', [h, g], h);
        const expected = builder.node('Gemm', [probabilities, w], h);
        const difference = builder.node('Sub', [expected, labelW], h);
        const dBias = builder.node('MatMul', [reshaped(dy, [1, rows]), probabilities], {
          shape: [1, classes],
        });
        return [
          builder.node('Mul', [difference, g], h),
          builder.node(
            'Gemm',
            [probabilities, weighted],
            { shape: [classes, size] },
            { transA: 1 },
          ),
          reshaped(dBias, [classes]),
          builder.node('Neg', [weighted], h),
          builder.node('Neg', [dy], { shape: [rows] }),
        ];
      },
    };
  });
}

/**
 * log Σ exp x of each row, as a column; `probabilities` is the softmax of x. It is max x − log max p,
 * exact because the largest p is never tiny.
 */
export function logSumExp(builder: GraphBuilder, x: Value, probabilities: Value): Value {
  const column = { shape: [x.shape[0], 1] };
  const maximum = (values: Value): Value =>
    builder.node('ReduceMax', [values, builder.integers(-1)], column, { keepdims: 1 });
  const logLargest = builder.node('Log', [maximum(probabilities)], column);
  return builder.node('Sub', [maximum(x), logLargest], column);
}

/** h · W[label] + b[label] of each row, as a column, from weight and bias at the labels. */
export function labelLogits(builder: GraphBuilder, h: Value, weight: Value, bias: Value): Value {
  const column = { shape: [h.shape[0], 1] };
  const products = builder.node('Mul', [h, weight], h);
  const dots = builder.node('ReduceSum', [products, builder.integers(-1)], column, {
    keepdims: 1,
  });
  return builder.node('Add', [dots, reshaped(bias, column.shape)], column);
}
