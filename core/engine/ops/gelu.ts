import { tf } from '../tfjs.ts';
import type { Tensor2D } from '../tfjs.ts';
import { isTracing } from '../trace/backend.ts';
import { recordFused } from './record.ts';

/**
 * Gaussian error linear unit (Hendrycks and Gimpel 2016), exact: x Φ(x) = x/2 (1 + erf(x/√2)).
 * Its derivative is Φ(x) + x φ(x).
 */
export function gelu(x: Tensor2D): Tensor2D {
  if (!isTracing()) {
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  }
  return recordFused([x], (builder, [xValue]) => {
    const halfDoubled = builder.node('Mul', [xValue, builder.scalar(Math.SQRT1_2)], xValue);
    const erf = builder.node('Erf', [halfDoubled], xValue);
    const onePlusErf = builder.node('Add', [erf, builder.scalar(1)], xValue);
    const half = builder.node('Mul', [xValue, builder.scalar(0.5)], xValue);
    return {
      value: builder.node('Mul', [half, onePlusErf], xValue),
      gradients: (dy) => {
        const negated = builder.node('Neg', [halfDoubled], xValue);
        const exponent = builder.node('Mul', [halfDoubled, negated], xValue);
        const exponential = builder.node('Exp', [exponent], xValue);
        const density = builder.scalar(1 / Math.sqrt(2 * Math.PI));
        const scaled = builder.node('Mul', [xValue, density], xValue);
        const tail = builder.node('Mul', [scaled, exponential], xValue);
        const probability = builder.node('Mul', [onePlusErf, builder.scalar(0.5)], xValue);
        const derivative = builder.node('Add', [probability, tail], xValue);
        return [builder.node('Mul', [dy, derivative], xValue)];
      },
    };
  });
}

/** Its approximation by tanh, `gelu_new`: x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))). */
export function geluTanh(x: Tensor2D): Tensor2D {
  const cubic = tf.mul(tf.mul(tf.square(x), x), 0.044715);
  const inner = tf.mul(tf.add(x, cubic), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}
