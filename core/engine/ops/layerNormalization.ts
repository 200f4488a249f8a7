import { tf } from '../tfjs.ts';
import type { Tensor1D, Tensor2D } from '../tfjs.ts';
import { isTracing } from '../trace/backend.ts';
import { columnSums } from './dense.ts';
import { recordFused, reshaped } from './record.ts';

/**
 * Layer normalization (Ba et al. 2016) of each row: (x − mean) / √(variance + ε) · scale + shift;
 * x (rows, hidden), scale and shift (hidden).
 *
 * With x̂ the normalized rows and g = dy · scale, the gradient of x is
 * (g − mean(g) − x̂ · mean(g · x̂)) / √(variance + ε).
 */
export function layerNormalization(
  x: Tensor2D,
  scale: Tensor1D,
  shift: Tensor1D,
  epsilon: number,
): Tensor2D {
  if (!isTracing()) {
    const { mean, variance } = tf.moments(x, 1, true);
    const normalized = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
    return tf.add(tf.mul(normalized, scale), shift);
  }
  return recordFused([x, scale, shift], (builder, [xValue, scaleValue, shiftValue]) => {
    const [rows, hidden] = xValue.shape;
    const column = { shape: [rows, 1] };
    const [value, mean, inverseDeviation] = builder.nodes(
      'LayerNormalization',
      [xValue, scaleValue, shiftValue],
      [xValue, column, column],
      { axis: -1, epsilon: { float: epsilon } },
    );
    return {
      value,
      gradients: (dy) => {
        const centred = builder.node('Sub', [xValue, mean], xValue);
        const normalized = builder.node('Mul', [centred, inverseDeviation], xValue);
        const product = builder.node('Mul', [dy, normalized], xValue);
        // The two row means are products with scale / hidden.
        const factor = builder.scalar(1 / hidden);
        const scaled = builder.node('Mul', [scaleValue, factor], scaleValue);
        const meanScale = reshaped(scaled, [hidden, 1]);
        const meanOfG = builder.node('MatMul', [dy, meanScale], column);
        const meanOfProduct = builder.node('MatMul', [product, meanScale], column);
        const g = builder.node('Mul', [dy, scaleValue], xValue);
        const along = builder.node('Mul', [normalized, meanOfProduct], xValue);
        const withoutMean = builder.node('Sub', [g, meanOfG], xValue);
        const projected = builder.node('Sub', [withoutMean, along], xValue);
        return [
          builder.node('Mul', [projected, inverseDeviation], xValue),
          columnSums(builder, product),
          columnSums(builder, dy),
        ];
      },
    };
  });
}
