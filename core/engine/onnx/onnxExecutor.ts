/** Runs programs traced to ONNX on ONNX Runtime: one session for each program and batch shape. */
import type { Executor, InputArray, RunRequest, RunResult } from '../executor.ts';
import { sizeOf } from '../program.ts';
import type { Program } from '../program.ts';
import { sized, sizedGraph } from '../trace/generalize.ts';
import type { Graph } from '../trace/graph.ts';
import { peakBytes } from '../trace/memory.ts';
import { GRADIENT, INPUT, OUTPUT, PARAMETER, ROW_GRADIENT, traceGeneral } from '../trace/trace.ts';
import { ort } from './runtime.ts';
import type { InferenceSession } from './runtime.ts';
import { ByteLimitedCache } from './sessionCache.ts';
import { withStandardMatMul } from './standardOperators.ts';
import { encodeModel } from './writer.ts';

export interface OnnxExecutorOptions {
  readonly provider: 'cpu' | 'webgpu';
  /** Intra-op threads. */
  readonly threads: number;
  /** Bound on the estimated arenas of all cached sessions. */
  readonly cacheBytes: number;
  /** Makes the arrays that results are written to. */
  readonly allocate: (length: number) => Float32Array;
  /** Writes ONNX Runtime's profile of every session to files with this prefix. */
  readonly profilePrefix?: string;
}

/** Entries of ONNX Runtime's session configuration. */
const SESSION_ENTRIES = {
  // Threads that spin after a run would take the cores from the host kernels.
  cpu: { force_spinning_stop: '1' },
  // Operators without a WebGPU kernel are an error, not a slow detour through the CPU.
  webgpu: { disable_cpu_ep_fallback: '1' },
} as const;

/** Of a result array over what its first batch needs. */
const ROOM = 1.25;

interface Compiled {
  readonly graph: Graph;
  readonly session: InferenceSession;
  readonly bytes: number;
  release(): Promise<void>;
}

export class OnnxExecutor implements Executor {
  readonly engine: 'cpu' | 'webgpu';
  readonly description: string;
  readonly #options: OnnxExecutorOptions;
  readonly #compiled: ByteLimitedCache<Compiled>;
  /** Result arrays by output name; grown when a larger shape comes and shared by all shapes. */
  readonly #results = new Map<string, Float32Array>();

  constructor(options: OnnxExecutorOptions) {
    this.#options = options;
    this.engine = options.provider;
    const version = ort.env.versions.node ?? ort.env.versions.common;
    const device =
      options.provider === 'cpu'
        ? `CPU, ${options.threads} ${options.threads === 1 ? 'thread' : 'threads'}`
        : 'WebGPU';
    this.description = `ONNX Runtime ${version}, ${device}`;
    this.#compiled = new ByteLimitedCache(options.cacheBytes);
  }

  async run(program: Program, request: RunRequest): Promise<RunResult> {
    const { graph, session, seconds } = await this.#compile(program, request.gradients);
    const size = sizeOfVarying(program);
    const feeds: Record<string, InstanceType<typeof ort.Tensor>> = {};
    for (const { name, shape } of graph.inputs) {
      feeds[name] = asTensor(arrayFor(name, request), sized(shape, size));
    }
    const fetches: Record<string, InstanceType<typeof ort.Tensor>> = {};
    const written = new Map<string, Float32Array>();
    const outputs = new Map<string, Float32Array>();
    const rowGradients = new Map<string, Float32Array>();
    const copies: (() => void)[] = [];
    for (const [name, value] of graph.outputs) {
      const shape = sized(value.shape, size);
      const shared = written.get(value.name);
      const gradient = without(GRADIENT, name);
      let array: Float32Array;
      if (gradient === undefined) {
        array = shared ?? this.#result(name, sizeOf(shape));
      } else {
        array = found(request.gradients?.get(gradient), name);
        if (shared !== undefined) copies.push(() => array.set(shared));
      }
      if (shared === undefined) {
        written.set(value.name, array);
        fetches[value.name] = asTensor(array, shape);
      }
      const output = without(OUTPUT, name);
      if (output !== undefined) outputs.set(output, array);
      const rows = without(ROW_GRADIENT, name);
      if (rows !== undefined) rowGradients.set(rows, array);
    }
    const start = performance.now();
    await session.run(feeds, fetches);
    const graphSeconds = (performance.now() - start) / 1000;
    for (const copy of copies) copy();
    return { outputs, rowGradients, graphSeconds, compileSeconds: seconds };
  }

  async close(): Promise<void> {
    await this.#compiled.clear();
    this.#results.clear();
  }

  /** The graph of a program and the seconds that it took to build: 0 when it was there. */
  async #compile(
    program: Program,
    gradients: RunRequest['gradients'],
  ): Promise<Compiled & { seconds: number }> {
    const withGradients = gradients !== undefined;
    const key = `${program.key}${withGradients ? ' with gradients' : ''}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return { ...known, seconds: 0 };
    const started = performance.now();
    const { provider, threads, profilePrefix } = this.#options;
    const rewrite = provider === 'webgpu' ? withStandardMatMul : undefined;
    const graph = traceGeneral(program, withGradients, rewrite);
    const bytes = peakBytes(sizedGraph(graph, sizeOfVarying(program)));
    await this.#compiled.makeRoom(bytes);
    const session = await ort.InferenceSession.create(encodeModel(graph), {
      executionProviders: [provider],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // Plans of memory are kept for each shape and fragment the arena: 1.2 GB instead of 0.7 for
      // BERT-tiny after forty batches that each scored another number of positions, and no faster.
      enableMemPattern: false,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      extra: { session: SESSION_ENTRIES[provider] },
      ...(profilePrefix === undefined
        ? {}
        : { enableProfiling: true, profileFilePrefix: profilePrefix }),
    });
    const release = async (): Promise<void> => {
      if (profilePrefix !== undefined) session.endProfiling();
      await session.release();
    };
    const compiled = { graph, session, bytes, release };
    this.#compiled.set(key, compiled);
    return { ...compiled, seconds: (performance.now() - started) / 1000 };
  }

  #result(name: string, length: number): Float32Array {
    const held = this.#results.get(name);
    if (held !== undefined && held.length >= length) return held.subarray(0, length);
    // Arrays are not given back, and logits of a large batch are long: room for the batches to come,
    // which score some more positions or fewer.
    const made = this.#options.allocate(Math.ceil(ROOM * length));
    this.#results.set(name, made);
    return made.subarray(0, length);
  }
}

/** Any number serves a program whose dimensions are all fixed. */
function sizeOfVarying({ varying }: Program): number {
  return varying?.size ?? 0;
}

function arrayFor(name: string, { parameters, inputs }: RunRequest): InputArray {
  const parameter = without(PARAMETER, name);
  if (parameter !== undefined) return found(parameters.get(parameter), name);
  const input = without(INPUT, name);
  return found(input === undefined ? undefined : inputs.get(input), name);
}

function asTensor(array: InputArray, shape: readonly number[]): InstanceType<typeof ort.Tensor> {
  const dimensions = [...shape];
  return array instanceof Float32Array
    ? new ort.Tensor('float32', array, dimensions)
    : new ort.Tensor('int32', array, dimensions);
}

function without(prefix: string, name: string): string | undefined {
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`No array was given for ${name}.`);
  return value;
}
