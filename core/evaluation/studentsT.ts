/** Student's t with a whole number of degrees of freedom. */

/**
 * P(|T| < t) for t = √degrees · tan(angle), angle in [0, π/2) (Abramowitz and Stegun 1964, 26.7.3 and
 * 26.7.4).
 */
function centralProbability(angle: number, degrees: number): number {
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = degrees % 2 === 1;
  let sum = 0;
  let term = isOdd ? cosine : 1;
  for (let power = isOdd ? 1 : 0; power <= degrees - 2; power += 2) {
    sum += term;
    term *= (cosine ** 2 * (power + 1)) / (power + 2);
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}

/**
 * `count` equally likely values of Student's t, ascending: its quantiles at (i + ½) / count. They have
 * the distribution to within 1 / count everywhere, where as many random draws would not.
 */
export function studentQuantiles(degrees: number, count: number): Float64Array {
  const values = new Float64Array(count);
  let below = 0;
  for (let i = Math.ceil(count / 2); i < count; i++) {
    const central = (2 * i + 1) / count - 1;
    let above = Math.PI / 2;
    for (let halving = 0; halving < 60; halving++) {
      const middle = (below + above) / 2;
      if (centralProbability(middle, degrees) < central) below = middle;
      else above = middle;
    }
    const value = Math.sqrt(degrees) * Math.tan(below);
    values[count - 1 - i] = -value;
    values[i] = value;
  }
  return values;
}
