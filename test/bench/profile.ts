/**
 * Where the time of a training step goes, by ONNX operator:
 * `node test/bench/profile.ts --layers 2 --hidden 128 --batch 32`.
 */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RandomStream } from '../../core/base/random.ts';
import { createHostKernels } from '../../core/engine/kernels/createHostKernels.ts';
import { OnnxExecutor } from '../../core/engine/onnx/onnxExecutor.ts';
import type { Graph } from '../../core/engine/trace/graph.ts';
import { peakBytes } from '../../core/engine/trace/memory.ts';
import { traceProgram } from '../../core/engine/trace/trace.ts';
import { TrainingSession } from '../../core/engine/trainingSession.ts';
import type { MlmBatch, StepRequest } from '../../core/engine/types.ts';
import type { EncoderConfig } from '../../core/model/config.ts';
import { initialWeights } from '../../core/model/initialize.ts';
import { createMlmTask } from '../../core/model/mlmTask.ts';

const { values: options } = parseArgs({
  options: {
    layers: { type: 'string', default: '2' },
    hidden: { type: 'string', default: '128' },
    heads: { type: 'string' },
    batch: { type: 'string', default: '32' },
    sequence: { type: 'string', default: '128' },
    scored: { type: 'string', default: '20' },
    dropout: { type: 'string', default: '0.1' },
    steps: { type: 'string', default: '10' },
    threads: { type: 'string', default: '2' },
    nodes: { type: 'boolean', default: false },
  },
});
const hidden = Number(options.hidden);
const batchSize = Number(options.batch);
const sequenceLength = Number(options.sequence);
const scored = Number(options.scored);
const steps = Number(options.steps);
const threads = Number(options.threads);
const dropoutProbability = Number(options.dropout);

const config: EncoderConfig = {
  modelType: 'bert',
  vocabSize: 30522,
  hiddenSize: hidden,
  numHiddenLayers: Number(options.layers),
  numAttentionHeads: Number(options.heads ?? hidden / 64),
  intermediateSize: 4 * hidden,
  hiddenAct: 'gelu',
  hiddenDropoutProb: dropoutProbability,
  attentionProbsDropoutProb: dropoutProbability,
  maxPositionEmbeddings: 512,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  initializerRange: 0.02,
  padTokenId: 0,
  tieWordEmbeddings: true,
};

function randomBatch(): MlmBatch {
  const stream = new RandomStream(1, 'targetOrder');
  const length = batchSize * sequenceLength;
  const positions = Int32Array.from(
    { length: batchSize * scored },
    (_, i) =>
      Math.floor(i / scored) * sequenceLength +
      Math.floor(((i % scored) * sequenceLength) / scored),
  );
  return {
    batchSize,
    sequenceLength,
    inputIds: Int32Array.from({ length }, () => stream.nextInteger(config.vocabSize)),
    attentionMask: new Uint8Array(length).fill(1),
    positions,
    labels: positions.map(() => stream.nextInteger(config.vocabSize)),
  };
}

function multiplyAdds(graph: Graph): number {
  const shapes = new Map(graph.inputs.map(({ name, shape }) => [name, shape]));
  for (const { name, shape } of graph.constants) shapes.set(name, shape);
  let total = 0;
  for (const { operator, inputs, outputs, attributes } of graph.nodes) {
    for (const { name, shape } of outputs) shapes.set(name, shape);
    if (operator !== 'Gemm' && operator !== 'MatMul' && operator !== 'FusedMatMul') continue;
    const a = shapes.get(inputs[0]) ?? [];
    const inner = attributes.transA === 1 ? (attributes.transBatchA === 1 ? 0 : a.length - 2) : -1;
    total += outputs[0].shape.reduce((x, y) => x * y, 1) * (a.at(inner) ?? 0);
  }
  return total;
}

const folder = await mkdtemp(join(tmpdir(), 'profile-'));
try {
  const weights = initialWeights(config, 1);
  const batch = randomBatch();
  const request = (step: number): StepRequest => ({
    terms: [{ name: 'target', weight: 1, batches: [batch] }],
    dropout: dropoutProbability === 0 ? null : { seed: 1, step },
    update: {
      learningRate: 5e-5,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
      maxGradNorm: 1,
    },
  });
  const open = (profilePrefix?: string): TrainingSession => {
    const kernels = createHostKernels({ threads });
    const executor = new OnnxExecutor({
      provider: 'cpu',
      threads,
      cacheBytes: 2 ** 34,
      allocate: (length) => kernels.allocate(length),
      ...(profilePrefix === undefined ? {} : { profilePrefix }),
    });
    return new TrainingSession({ task: createMlmTask(config), executor, kernels, weights });
  };

  const plain = open();
  const times: { whole: number; graph: number }[] = [];
  for (let step = 0; step < steps + 2; step++) {
    const start = performance.now();
    const { graphSeconds } = await plain.step(request(step));
    times.push({ whole: (performance.now() - start) / 1000, graph: graphSeconds });
  }
  await plain.close();
  const measured = times.slice(2);
  const whole = median(measured.map((time) => time.whole));
  const outside = median(measured.map((time) => 1 - time.graph / time.whole));
  const { program } = createMlmTask(config).prepare(batch, {
    kind: 'train',
    positionWeight: 1,
    dropout: dropoutProbability > 0,
  });
  const graph = traceProgram(program, true);
  const operations = 2 * multiplyAdds(graph);
  const tokens = batchSize * sequenceLength;
  console.log(
    `step ${(1000 * whole).toFixed(1)} ms (fastest ${(1000 * Math.min(...measured.map((t) => t.whole))).toFixed(1)}), ` +
      `${Math.round(tokens / whole)} tokens/s, ${(operations / whole / 1e9).toFixed(0)} GFLOP/s, ` +
      `outside ONNX Runtime ${(100 * outside).toFixed(1)} %, ` +
      `${graph.nodes.length} nodes, peak ${(peakBytes(graph) / 1e6).toFixed(0)} MB`,
  );

  const profiled = open(join(folder, 'step'));
  for (let step = 0; step < steps; step++) await profiled.step(request(step));
  await profiled.close();
  const [file] = await readdir(folder);
  const events = JSON.parse(await readFile(join(folder, file), 'utf8')) as ProfileEvent[];
  printTable(events, options.nodes);
} finally {
  await rm(folder, { recursive: true });
}

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: {
    readonly op_name?: string;
    readonly output_type_shape?: unknown;
    readonly input_type_shape?: unknown;
  };
}

function printTable(events: readonly ProfileEvent[], byNode: boolean): void {
  const groups = new Map<string, { time: number; count: number }>();
  let total = 0;
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
    const shapes = JSON.stringify([args?.input_type_shape, args?.output_type_shape]);
    const key = byNode
      ? `${args?.op_name} ${shapes.replaceAll(/"float":|[{}"]/g, '')}`
      : (args?.op_name ?? name);
    const group = groups.get(key) ?? { time: 0, count: 0 };
    groups.set(key, { time: group.time + dur, count: group.count + 1 });
    total += dur;
  }
  const rows = [...groups].sort(([, a], [, b]) => b.time - a.time);
  for (const [key, { time, count }] of rows.slice(0, byNode ? 45 : 30)) {
    const share = (100 * time) / total;
    const perStep = time / steps / 1000;
    console.log(
      `${share.toFixed(1).padStart(5)} % ${perStep.toFixed(2).padStart(8)} ms ` +
        `${String(Math.round(count / steps)).padStart(5)} × ${key}`,
    );
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
