import { tf } from '../tfjs.ts';
import type { Tensor1D, Tensor2D } from '../tfjs.ts';
import { isTracing } from '../trace/backend.ts';
import { recordFused } from './record.ts';
import type { GraphBuilder, Value } from '../trace/graph.ts';

/** x Wᵀ + b: x (rows, in), weight (out, in), bias (out) → (rows, out). */
export function dense(x: Tensor2D, weight: Tensor2D, bias: Tensor1D): Tensor2D {
  if (!isTracing()) return tf.add(tf.matMul(x, weight, false, true), bias);
  return recordFused([x, weight, bias], (builder, [xValue, weightValue, biasValue]) => {
    const [rows] = xValue.shape;
    const [out] = weightValue.shape;
    const value = builder.node(
      'Gemm',
      [xValue, weightValue, biasValue],
      { shape: [rows, out] },
      { transB: 1 },
    );
    return {
      value,
      gradients: (dy) => [
        builder.node('Gemm', [dy, weightValue], xValue),
        builder.node('Gemm', [dy, xValue], weightValue, { transA: 1 }),
        columnSums(builder, dy),
      ],
    };
  });
}

/** Sum over the rows of (rows, columns). */
export function columnSums(builder: GraphBuilder, x: Value): Value {
  const shape = [x.shape[1]];
  return builder.node('ReduceSum', [x, builder.integers(0)], { shape }, { keepdims: 0 });
}
