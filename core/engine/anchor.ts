/** The anchor θ* of a session: penalties of the distance from it, and the distance itself. */
import type { AdamWArrays, HostKernels } from './kernels/hostKernels.ts';
import { checkLength, copyInto, found } from './namedArrays.ts';
import type { ParameterSpec, QuadraticPenalty, Session, StepResult, Weights } from './types.ts';

type Importance = ReadonlyMap<string, Float32Array | 1>;

export interface PenalizedGradient {
  readonly penalties: StepResult['penalties'];
  /** Σ g² over all parameters, without the penalties and with them. */
  readonly taskSquares: number;
  readonly totalSquares: number;
}

export interface AnchorParts {
  readonly parameters: readonly ParameterSpec[];
  readonly state: ReadonlyMap<string, AdamWArrays>;
  readonly kernels: HostKernels;
}

export class Anchor {
  readonly #parameters: readonly ParameterSpec[];
  readonly #state: ReadonlyMap<string, AdamWArrays>;
  readonly #kernels: HostKernels;
  readonly #importances = new Map<string, Importance>();
  #weights: Weights | undefined;

  constructor({ parameters, state, kernels }: AnchorParts) {
    this.#parameters = parameters;
    this.#state = state;
    this.#kernels = kernels;
  }

  /** θ*; throws a RangeError before it is set. */
  get weights(): Weights {
    if (this.#weights === undefined) {
      throw new RangeError('The session has no anchor weights; setAnchor gives it some.');
    }
    return this.#weights;
  }

  set(weights: Weights): void {
    for (const [name, arrays] of this.#state) {
      checkLength(name, arrays.weights, found(weights, name));
    }
    this.#weights ??= new Map(
      [...this.#state].map(([name, arrays]) => [
        name,
        this.#kernels.allocateBeside(arrays.weights),
      ]),
    );
    copyInto(this.#weights, weights);
  }

  setImportance(name: string, importance: Importance): void {
    for (const [parameter, values] of importance) {
      const { weights } = found(this.#state, parameter);
      if (values === 1) continue;
      checkLength(parameter, weights, values);
      if (!values.every((value) => value >= 0 && value < Infinity)) {
        throw new RangeError(`The importance ${name} of ${parameter} is negative or not finite.`);
      }
    }
    const former = this.#importances.get(name);
    const held = new Map<string, Float32Array | 1>();
    for (const [parameter, values] of importance) {
      if (values === 1) {
        held.set(parameter, 1);
        continue;
      }
      const known = former?.get(parameter);
      const array =
        known instanceof Float32Array
          ? known
          : this.#kernels.allocateBeside(found(this.#state, parameter).weights);
      array.set(values);
      held.set(parameter, array);
    }
    this.#importances.set(name, held);
  }

  /** Throws a RangeError for a penalty that cannot be added. A strength of 0 needs nothing. */
  check(penalties: readonly QuadraticPenalty[]): void {
    for (const { name, strength } of penalties) {
      if (!(strength >= 0 && strength < Infinity)) {
        throw new RangeError(`The strength ${strength} of the penalty ${name} is not 0 or more.`);
      }
      if (strength === 0) continue;
      if (this.#weights === undefined || !this.#importances.has(name)) {
        const missing = this.#weights === undefined ? 'anchor weights' : 'importance of its name';
        throw new RangeError(`The penalty ${name} has no ${missing}.`);
      }
    }
  }

  /**
   * Adds strength × importance × (θ − θ*) of every penalty to the gradient of the terms, and tells the
   * gradient's norm before and after from the same pass. A penalty of strength 0 is not touched.
   */
  addPenalties(penalties: readonly QuadraticPenalty[]): PenalizedGradient {
    const active = penalties
      .filter(({ strength }) => strength > 0)
      .map(({ name, strength }) => ({
        strength,
        importance: found(this.#importances, name),
        report: { name, value: 0, squares: 0 },
      }));
    let taskSquares = 0;
    let totalSquares = 0;
    for (const { name } of this.#parameters) {
      const { gradient, weights } = found(this.#state, name);
      let before: number | undefined;
      let after = 0;
      for (const { strength, importance, report } of active) {
        const values = importance.get(name);
        if (values === undefined) continue;
        const sums = this.#kernels.addPenaltyGradient(
          {
            gradient,
            weights,
            anchor: found(this.weights, name),
            importance: values === 1 ? null : values,
          },
          strength,
        );
        before ??= sums.squaresBefore;
        after = sums.squaresAfter;
        report.value += sums.twiceValue / 2;
        report.squares += sums.penaltySquares;
      }
      if (before === undefined) before = after = this.#kernels.squaredNorm(gradient);
      taskSquares += before;
      totalSquares += after;
    }
    const none = penalties.map(({ name }) => [name, { value: 0, gradientNorm: 0 }]);
    const added = active.map(({ report: { name, value, squares } }) => [
      name,
      { value, gradientNorm: Math.sqrt(squares) },
    ]);
    const reports = Object.fromEntries([...none, ...added]) as StepResult['penalties'];
    return { penalties: reports, taskSquares, totalSquares };
  }

  /** Distance ‖θ − θ*‖ and norm ‖θ*‖ of the parameters at each depth. */
  drift(): Awaited<ReturnType<Session['drift']>> {
    const { weights: anchorWeights } = this;
    const depths = this.#parameters.reduce((deepest, { depth }) => Math.max(deepest, depth), 0) + 1;
    const distances = new Float64Array(depths);
    const norms = new Float64Array(depths);
    for (const { name, depth } of this.#parameters) {
      const anchor = found(anchorWeights, name);
      distances[depth] += this.#kernels.squaredDistance(found(this.#state, name).weights, anchor);
      norms[depth] += this.#kernels.squaredNorm(anchor);
    }
    return Array.from(distances, (squares, depth) => ({
      distance: Math.sqrt(squares),
      anchorNorm: Math.sqrt(norms[depth]),
    }));
  }
}
