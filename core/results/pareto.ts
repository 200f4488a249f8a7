/** What a strategy is judged by, nats a masked token: little forgetting, much gain. */
export interface TradeOff {
  readonly forgetting: number;
  readonly gain: number;
}

/** Whether `a` is as good as `b` in both and better in one. */
export function dominates(a: TradeOff, b: TradeOff): boolean {
  const asGood = a.forgetting <= b.forgetting && a.gain >= b.gain;
  return asGood && (a.forgetting < b.forgetting || a.gain > b.gain);
}

/** For each point, whether no other dominates it. Points that are equal are on the front together. */
export function paretoFront(points: readonly TradeOff[]): boolean[] {
  return points.map((point) => !points.some((other) => dominates(other, point)));
}
