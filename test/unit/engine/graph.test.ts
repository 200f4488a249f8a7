import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../core/engine/trace/graph.ts';
import type { Graph } from '../../../core/engine/trace/graph.ts';
import { VARYING, generalize, sized, sizedGraph } from '../../../core/engine/trace/generalize.ts';
import { peakBytes } from '../../../core/engine/trace/memory.ts';

describe('a graph', () => {
  it('leaves out nodes and inputs that no output needs', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [4], 'float32');
    const unused = builder.input('unused', [4], 'float32');
    builder.node('Exp', [unused], unused);
    const y = builder.node('Log', [x], x);
    const graph = builder.finish(new Map([['y', y]]));
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(graph.nodes.map(({ operator }) => operator)).toEqual(['Log']);
  });

  it('records equal nodes and equal constants once', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [2], 'float32');
    const first = builder.node('Mul', [x, builder.scalar(2)], x);
    const second = builder.node('Mul', [x, builder.scalar(2)], x);
    expect(second).toBe(first);
    const other = builder.node('Mul', [x, builder.scalar(3)], x);
    expect(other).not.toBe(first);
    const sum = builder.node('Add', [first, other], x);
    expect(builder.finish(new Map([['sum', sum]])).constants).toHaveLength(2);
  });

  it('gives an output that is an input or a constant a node of its own', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [2], 'float32');
    const outputs = new Map([
      ['x', x],
      ['ones', builder.splat(1, [3])],
    ]);
    const graph = builder.finish(outputs);
    expect(graph.nodes.map(({ operator }) => operator)).toEqual(['Identity', 'Identity']);
    expect(graph.constants[0].data).toEqual(Float32Array.of(1, 1, 1));
  });
});

describe('the peak of memory', () => {
  it('counts values from their node to their last reader, and results to the end', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [100], 'float32');
    const a = builder.node('Exp', [x], x);
    const b = builder.node('Log', [a], x);
    const c = builder.node('Neg', [b], x);
    // At any moment two values of 400 bytes live: one read and one written.
    expect(peakBytes(builder.finish(new Map([['c', c]])))).toBe(800);
    expect(
      peakBytes(
        builder.finish(
          new Map([
            ['a', a],
            ['c', c],
          ]),
        ),
      ),
    ).toBe(1200);
  });
});

describe('a general graph', () => {
  const traced = (size: number, scale = 2): Graph => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [size, 3], 'float32');
    const scaled = builder.node('Mul', [x, builder.scalar(scale)], x);
    const column = builder.node('Reshape', [scaled, builder.integers(size * 3, 1)], {
      shape: [size * 3, 1],
    });
    return builder.finish(
      new Map([
        ['scaled', scaled],
        ['column', column],
      ]),
    );
  };

  it('marks the dimension that differs between two traces', () => {
    const general = generalize(traced(5), traced(7));
    expect(general.inputs[0].shape).toEqual([VARYING, 3]);
    expect(general.outputs.get('scaled')?.shape).toEqual([VARYING, 3]);
    const target = general.constants.find(({ type }) => type === 'int64');
    expect(target?.data).toEqual(BigInt64Array.of(-1n, 1n));
  });

  it('gets its size back', () => {
    expect(sized([VARYING, 3], 9)).toEqual([9, 3]);
    expect(sizedGraph(generalize(traced(5), traced(7)), 5).inputs).toEqual(traced(5).inputs);
  });

  it('is refused when more than the size differs', () => {
    expect(() => generalize(traced(5, 2), traced(7, 3))).toThrow(/differ/);
    const builder = new GraphBuilder();
    const x = builder.input('x', [5, 3], 'float32');
    expect(() => generalize(traced(5), builder.finish(new Map([['x', x]])))).toThrow(/differ/);
  });

  it('is refused when a constant other than the target of a Reshape depends on the size', () => {
    const withOnes = (size: number): Graph => {
      const builder = new GraphBuilder();
      const x = builder.input('x', [size], 'float32');
      const ones = builder.splat(1, [size]);
      return builder.finish(new Map([['y', builder.node('Add', [x, ones], x)]]));
    };
    expect(() => generalize(withOnes(5), withOnes(7))).toThrow(/differ/);
  });
});
