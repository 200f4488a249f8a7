import { tf } from '../tfjs.ts';
import type { Tensor1D, Tensor2D } from '../tfjs.ts';
import { isTracing } from '../trace/backend.ts';
import type { Value } from '../trace/graph.ts';
import { labelLogits, logSumExp } from './crossEntropy.ts';
import { columnSums } from './dense.ts';
import { dataValue, recordFused, reshaped } from './record.ts';

/** The operands of crossEntropy. */
export interface Classifier {
  /** (rows, size). */
  readonly hidden: Tensor2D;
  /** (classes, size) and (classes). */
  readonly weight: Tensor2D;
  readonly bias: Tensor1D;
  /** (rows, size) and (rows), weight and bias at the labels. */
  readonly labelWeight: Tensor2D;
  readonly labelBias: Tensor1D;
}

export interface Teacher {
  /** (rows, classes); not differentiated. */
  readonly logits: Tensor2D;
  /** T > 0, by which the logits of both are divided before the softmax. */
  readonly temperature: number;
}

export interface DistilledLosses {
  /** −log p(label), nats (rows). */
  readonly losses: Tensor1D;
  /** T² KL(q ‖ p_T), nats (rows): q and p_T are the softmax of the teacher's and own logits over T. */
  readonly divergences: Tensor1D;
}

/**
 * The cross-entropy of a linear classifier, see crossEntropy, and its divergence from a teacher
 * (Hinton et al. 2015), over the same logits. With p the probabilities and a, b the gradients of the
 * two results, the gradient by the logits is a (p − onehot) + b T (p_T − q); all of it but the
 * one-hot part is formed once, for one product with W and one with h.
 */
export function distilledCrossEntropy(classifier: Classifier, teacher: Teacher): DistilledLosses {
  return isTracing() ? traced(classifier, teacher) : composed(classifier, teacher);
}

function composed(classifier: Classifier, { temperature, ...teacher }: Teacher): DistilledLosses {
  const { hidden, weight, bias, labelWeight, labelBias } = classifier;
  const logits = tf.add(tf.matMul(hidden, weight, false, true), bias);
  const ofLabels = tf.add(tf.sum(tf.mul(hidden, labelWeight), 1), labelBias);
  const log = tf.logSoftmax(tf.div(logits, temperature));
  const teacherLog = tf.logSoftmax(tf.div(teacher.logits, temperature));
  const parts = tf.mul(tf.exp(teacherLog), tf.sub(teacherLog, log));
  return {
    losses: tf.sub(tf.logSumExp(logits, 1), ofLabels),
    divergences: tf.mul(tf.sum(parts, 1), temperature ** 2),
  };
}

function traced(classifier: Classifier, { temperature, ...teacher }: Teacher): DistilledLosses {
  const { hidden, weight, bias, labelWeight, labelBias } = classifier;
  const inputs = [hidden, weight, bias, labelWeight, labelBias];
  const both: Tensor2D = recordFused(inputs, (builder, [h, w, b, labelW, labelB]) => {
    const [rows] = h.shape;
    const full = { shape: [rows, w.shape[0]] };
    const column = { shape: [rows, 1] };
    const softmax = (x: Value): Value => builder.node('Softmax', [x], full, { axis: -1 });
    const scaled = (x: Value, factor: number, like: { shape: readonly number[] }): Value =>
      factor === 1 ? x : builder.node('Mul', [x, builder.scalar(factor)], like);

    const logits = builder.node('Gemm', [h, w, b], full, { transB: 1 });
    const p = softmax(logits);
    const ofLabels = labelLogits(builder, h, labelW, labelB);
    const loss = builder.node('Sub', [logSumExp(builder, logits, p), ofLabels], column);

    // Over softened logits t and z, KL = Σ q (t − z) − log Σ exp t + log Σ exp z: fewer passes than
    // over the logarithms of both.
    const z = scaled(logits, 1 / temperature, full);
    const t = scaled(dataValue(teacher.logits), 1 / temperature, full);
    const softened = temperature === 1 ? p : softmax(z);
    const q = softmax(t);
    const products = builder.node('Mul', [q, builder.node('Sub', [t, z], full)], full);
    const mean = builder.node('ReduceSum', [products, builder.integers(-1)], column, {
      keepdims: 1,
    });
    const normalizers = [logSumExp(builder, z, softened), logSumExp(builder, t, q)];
    const shift = builder.node('Sub', normalizers, column);
    const divergence = builder.node('Add', [mean, shift], column);
    const columns = [loss, scaled(divergence, temperature ** 2, column)];
    return {
      value: builder.node('Concat', columns, { shape: [rows, 2] }, { axis: 1 }),
      gradients: (dy) => {
        const halves = builder.integers(1, 1);
        const [a, dDivergence] = builder.nodes('Split', [dy, halves], [column, column], {
          axis: 1,
        });
        const bT = scaled(dDivergence, temperature, column);
        const towards = builder.node('Mul', [builder.node('Sub', [softened, q], full), bT], full);
        const dLogits = builder.node('Add', [builder.node('Mul', [p, a], full), towards], full);
        const weighted = builder.node('Mul', [h, a], h);
        const ofLabel = builder.node('Mul', [labelW, a], h);
        return [
          builder.node('Sub', [builder.node('Gemm', [dLogits, w], h), ofLabel], h),
          builder.node('Gemm', [dLogits, h], w, { transA: 1 }),
          columnSums(builder, dLogits),
          builder.node('Neg', [weighted], h),
          reshaped(builder.node('Neg', [a], column), [rows]),
        ];
      },
    };
  });
  const [losses, divergences] = tf.split(both, [1, 1], 1);
  return { losses: losses.as1D(), divergences: divergences.as1D() };
}
