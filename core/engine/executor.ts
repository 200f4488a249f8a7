import type { Program } from './program.ts';
import type { EngineName } from './types.ts';

export type InputArray = Float32Array | Int32Array;

export interface RunRequest {
  /** Every parameter by name, looked-up tables included; the arrays stay the same between runs. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly inputs: ReadonlyMap<string, InputArray>;
  /**
   * Where the gradient of the program's loss goes: one array for each of `program.parameters`,
   * overwritten. Absent: the program only runs forward.
   */
  readonly gradients?: ReadonlyMap<string, Float32Array>;
}

export interface RunResult {
  /**
   * Valid until the executor's next run, and through it as its input when none of that run's outputs
   * has the same name.
   */
  readonly outputs: ReadonlyMap<string, Float32Array>;
  /** Gradient of each look-up's rows (rows × width), by look-up; empty when only run forward. */
  readonly rowGradients: ReadonlyMap<string, Float32Array>;
  /** Time inside the executor's graph run, without building the graph. */
  readonly graphSeconds: number;
  /** Time of building the graph; 0 when it was there. */
  readonly compileSeconds: number;
}

/** Runs programs on one device. Runs do not overlap. */
export interface Executor {
  readonly engine: EngineName;
  /** For people: "ONNX Runtime 1.30.0, CPU, 2 threads". */
  readonly description: string;
  run(program: Program, request: RunRequest): Promise<RunResult>;
  close(): Promise<void>;
}
