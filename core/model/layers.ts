/** The layers that encoder and heads are made of, by parameter name. */
import { dense, feedForward, gelu, geluTanh, layerNormalization, tf } from '../engine/ops.ts';
import type { Tensor1D, Tensor2D } from '../engine/ops.ts';
import type { Environment } from '../engine/program.ts';
import type { EncoderConfig } from './config.ts';

/** What a layer needs to know: the model's settings and where its parameters are. */
export interface LayerContext {
  readonly config: EncoderConfig;
  readonly environment: Environment;
}

/** The dense layer `name`: (rows, in) → (rows, out). */
export function project({ environment }: LayerContext, name: string, x: Tensor2D): Tensor2D {
  const weight = environment.parameter(`${name}.weight`) as Tensor2D;
  return dense(x, weight, environment.parameter(`${name}.bias`) as Tensor1D);
}

/** The feed-forward block of the layer `name`: (rows, hidden) → (rows, hidden). */
export function expandAndContract(context: LayerContext, name: string, x: Tensor2D): Tensor2D {
  const { config, environment } = context;
  if (config.hiddenAct !== 'gelu') {
    const wide = activate(config.hiddenAct, project(context, `${name}.intermediate.dense`, x));
    return project(context, `${name}.output.dense`, wide);
  }
  return feedForward(x, {
    innerWeight: environment.parameter(`${name}.intermediate.dense.weight`) as Tensor2D,
    innerBias: environment.parameter(`${name}.intermediate.dense.bias`) as Tensor1D,
    outerWeight: environment.parameter(`${name}.output.dense.weight`) as Tensor2D,
    outerBias: environment.parameter(`${name}.output.dense.bias`) as Tensor1D,
  });
}

/** The layer normalization `name` of each row. */
export function normalize(
  { config, environment }: LayerContext,
  name: string,
  x: Tensor2D,
): Tensor2D {
  const scale = environment.parameter(`${name}.weight`) as Tensor1D;
  const shift = environment.parameter(`${name}.bias`) as Tensor1D;
  return layerNormalization(x, scale, shift, config.layerNormEps);
}

/** An activation by its Hugging Face name. */
export function activate(hiddenAct: EncoderConfig['hiddenAct'], x: Tensor2D): Tensor2D {
  switch (hiddenAct) {
    case 'gelu':
      return gelu(x);
    case 'gelu_new':
      return geluTanh(x);
    case 'relu':
      return tf.relu(x);
  }
}
