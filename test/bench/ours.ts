/** Our contender: `node test/bench/ours.ts MODEL THREADS`, driven by contender.ts. */
import { createInterface } from 'node:readline';
import { createHostKernels } from '../../core/engine/kernels/createHostKernels.ts';
import { OnnxExecutor } from '../../core/engine/onnx/onnxExecutor.ts';
import { tf } from '../../core/engine/ops.ts';
import { sizeOf } from '../../core/engine/program.ts';
import type { Program } from '../../core/engine/program.ts';
import { initialWeights } from '../../core/model/initialize.ts';
import { openMlmSession } from '../../core/model/openSession.ts';
import { mlmParameters } from '../../core/model/parameters.ts';
import type { ContenderReply, ContenderRequest } from './contender.ts';
import { encoderConfig, modelNamed, randomBatch, UPDATE } from './models.ts';

const model = modelNamed(process.argv[2]);
const threads = Number(process.argv[3]);
const config = encoderConfig(model);
const session = await openMlmSession({
  config,
  weights: initialWeights(config, 1),
  session: { engine: 'cpu', threads },
});

let step = 0;

async function takeSteps(count: number): Promise<ContenderReply> {
  const seconds: number[] = [];
  const graphSeconds: number[] = [];
  let loss = 0;
  for (let i = 0; i < count; i++) {
    const batch = randomBatch(model, step);
    const start = performance.now();
    const result = await session.step({
      terms: [{ name: 'target', weight: 1, batches: [batch] }],
      dropout: { seed: 1, step },
      update: UPDATE,
    });
    seconds.push((performance.now() - start) / 1000);
    graphSeconds.push(result.graphSeconds);
    loss = result.losses.target.sum / result.losses.target.count;
    step++;
  }
  return { seconds, graphSeconds, loss, peakBytes: process.resourceUsage().maxRSS * 1024 };
}

/** AdamW alone, over arrays of the model's sizes. */
async function runOptimizer(count: number): Promise<ContenderReply> {
  const kernels = createHostKernels({ threads });
  const arrays = mlmParameters(config).map(({ shape }) => {
    const parameter = kernels.allocateParameter(sizeOf(shape));
    parameter.gradient.fill(0.01);
    return parameter;
  });
  const seconds: number[] = [];
  for (let call = 0; call < count; call++) {
    const start = performance.now();
    for (const parameter of arrays) {
      const settings = { ...UPDATE, step: call + 1, gradientScale: 0.9, zeroGradient: false };
      kernels.adamW(parameter, settings);
    }
    seconds.push((performance.now() - start) / 1000);
  }
  await kernels.close();
  return { seconds };
}

async function multiply(size: number, count: number): Promise<ContenderReply> {
  const square = { name: 'square', shape: [size, size] };
  const program: Program = {
    key: `product of ${size}`,
    inputs: [{ name: 'x', shape: [size, size], type: 'float32' }],
    parameters: [square],
    lookups: [],
    compute: (environment) => {
      const product = tf.matMul(environment.input('x'), environment.parameter('square'));
      return { outputs: { product } };
    },
  };
  const executor = new OnnxExecutor({
    provider: 'cpu',
    threads,
    cacheBytes: 2 ** 30,
    allocate: (length) => new Float32Array(length),
  });
  const values = (): Float32Array => new Float32Array(size * size).fill(0.01);
  const request = {
    parameters: new Map([['square', values()]]),
    inputs: new Map([['x', values()]]),
  };
  const seconds: number[] = [];
  for (let call = 0; call < count; call++) {
    seconds.push((await executor.run(program, request)).graphSeconds);
  }
  await executor.close();
  return { seconds };
}

async function answer(request: ContenderRequest): Promise<ContenderReply> {
  switch (request.do) {
    case 'steps':
      return await takeSteps(request.count);
    case 'optimizer':
      return await runOptimizer(request.count);
    case 'sgemm':
      return await multiply(request.size, request.count);
    case 'finish':
      return { seconds: [], description: session.description };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as ContenderRequest;
  console.log(JSON.stringify(await answer(request)));
  if (request.do === 'finish') break;
}
await session.close();
