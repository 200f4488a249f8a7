import { expect, it } from 'vitest';
import { withStandardMatMul } from '../../../core/engine/onnx/standardOperators.ts';
import { ort } from '../../../core/engine/onnx/runtime.ts';
import { encodeModel } from '../../../core/engine/onnx/writer.ts';
import { sizeOf } from '../../../core/engine/program.ts';
import type { Graph, Value } from '../../../core/engine/trace/graph.ts';
import { traceProgram } from '../../../core/engine/trace/trace.ts';
import { createMlmTask } from '../../../core/model/mlmTask.ts';
import { tinyBatch, tinyConfig } from '../../fixtures/parityModels.ts';

function feed({ shape, type }: Value, index: number): InstanceType<typeof ort.Tensor> {
  const dimensions = [...shape];
  const length = sizeOf(shape);
  if (type === 'int32') return new ort.Tensor('int32', new Int32Array(length), dimensions);
  const values = Float32Array.from({ length }, (_, i) => Math.sin(0.3 * i + index));
  return new ort.Tensor('float32', values, dimensions);
}

async function run(graph: Graph): Promise<Map<string, Float32Array>> {
  const session = await ort.InferenceSession.create(encodeModel(graph));
  const results = await session.run(
    Object.fromEntries(graph.inputs.map((input, i) => [input.name, feed(input, i)])),
  );
  await session.release();
  return new Map(
    [...graph.outputs].map(([name, value]) => [name, results[value.name].data as Float32Array]),
  );
}

it('computes the same without FusedMatMul', async () => {
  const purpose = { kind: 'train', positionWeight: 0.2, dropout: true } as const;
  const { program } = createMlmTask(tinyConfig('bert')).prepare(tinyBatch(), purpose);
  const fused = traceProgram(program, true);
  const standard = withStandardMatMul(fused);
  const operators = (graph: Graph): Set<string> =>
    new Set(graph.nodes.map(({ operator }) => operator));
  expect(operators(fused)).toContain('FusedMatMul');
  expect(operators(standard)).not.toContain('FusedMatMul');
  const [expected, actual] = [await run(fused), await run(standard)];
  for (const [name, values] of expected) {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const other = actual.get(name) ?? new Float32Array(0);
    expect(other.length).toBe(values.length);
    values.forEach((value, i) => {
      expect(Math.abs(other[i] - value), name).toBeLessThanOrEqual(1e-4 * largest + 1e-7);
    });
  }
});
