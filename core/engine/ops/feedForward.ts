import { tf } from '../tfjs.ts';
import type { Tensor1D, Tensor2D } from '../tfjs.ts';
import { isTracing } from '../trace/backend.ts';
import { columnSums } from './dense.ts';
import { gelu } from './gelu.ts';
import { recordFused } from './record.ts';

export interface FeedForwardParameters {
  /** (inner, hidden) and (inner). */
  readonly innerWeight: Tensor2D;
  readonly innerBias: Tensor1D;
  /** (hidden, inner) and (hidden). */
  readonly outerWeight: Tensor2D;
  readonly outerBias: Tensor1D;
}

/**
 * The feed-forward block gelu(x W₁ᵀ + b₁) W₂ᵀ + b₂ with the exact GELU: x (rows, hidden) →
 * (rows, hidden).
 *
 * The inner activations are the widest tensors of a layer, so passes over them count. With
 * u = (x W₁ᵀ + b₁)/√2, gelu is u (1 + erf u)/√2 and its derivative by u is
 * (1 + erf u + 2/√π u exp(−u²))/√2: the factors 1/√2 go into the products, 2/√π into the exponent.
 */
export function feedForward(x: Tensor2D, parameters: FeedForwardParameters): Tensor2D {
  const { innerWeight, innerBias, outerWeight, outerBias } = parameters;
  if (!isTracing()) {
    const inner = gelu(tf.add(tf.matMul(x, innerWeight, false, true), innerBias));
    return tf.add(tf.matMul(inner, outerWeight, false, true), outerBias);
  }
  const inputs = [x, innerWeight, innerBias, outerWeight, outerBias];
  return recordFused(inputs, (builder, [xValue, w1, b1, w2, b2]) => {
    const wide = { shape: [xValue.shape[0], w1.shape[0]] };
    const alpha = { float: Math.SQRT1_2 };
    const u = builder.node('Gemm', [xValue, w1, b1], wide, { transB: 1, alpha, beta: alpha });
    const onePlusErf = builder.node(
      'Add',
      [builder.node('Erf', [u], wide), builder.scalar(1)],
      wide,
    );
    const activated = builder.node('Mul', [u, onePlusErf], wide);
    return {
      value: builder.node('Gemm', [activated, w2, b2], xValue, { transB: 1, alpha }),
      gradients: (dy) => {
        const dActivated = builder.node('Gemm', [dy, w2], wide, { alpha });
        const logFactor = builder.scalar(Math.log(2 / Math.sqrt(Math.PI)));
        const square = builder.node('Mul', [u, u], wide);
        const exponential = builder.node(
          'Exp',
          [builder.node('Sub', [logFactor, square], wide)],
          wide,
        );
        const tail = builder.node('Mul', [u, exponential], wide);
        const derivative = builder.node('Add', [onePlusErf, tail], wide);
        const du = builder.node('Mul', [dActivated, derivative], wide);
        const factor = builder.scalar(Math.SQRT1_2);
        return [
          builder.node('Gemm', [du, w1], xValue, { alpha }),
          builder.node('Gemm', [du, xValue], w1, { transA: 1, alpha }),
          builder.node('Mul', [columnSums(builder, du), factor], b1),
          builder.node('Gemm', [dy, activated], w2, { transA: 1, alpha }),
          columnSums(builder, dy),
        ];
      },
    };
  });
}
