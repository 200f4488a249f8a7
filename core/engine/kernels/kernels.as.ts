// The kernels in AssemblyScript, compiled to kernels.wasm by build.ts. Arguments are byte addresses in
// the imported memory; lengths count values. referenceKernels.ts defines the results, bit for bit.

/** The smallest normal float32. */
const SMALLEST_NORMAL: f32 = 1.1754943508222875e-38;
const NORM_BLOCK: usize = 65536;
/** Where the last, incomplete group of a dropout mask is drawn before it is copied. */
const TAIL: usize = 64;

export function adamW(
  weights: usize,
  gradient: usize,
  firstMoment: usize,
  secondMoment: usize,
  length: usize,
  gradientScale: f32,
  decayFactor: f32,
  firstRate: f32,
  beta2: f32,
  secondRate: f32,
  rootCorrection: f32,
  epsilon: f32,
  stepSize: f32,
  zeroGradient: bool,
): void {
  const scales = f32x4.splat(gradientScale);
  const decays = f32x4.splat(decayFactor);
  const firstRates = f32x4.splat(firstRate);
  const betas = f32x4.splat(beta2);
  const secondRates = f32x4.splat(secondRate);
  const corrections = f32x4.splat(rootCorrection);
  const epsilons = f32x4.splat(epsilon);
  const steps = f32x4.splat(stepSize);
  const smallest = f32x4.splat(SMALLEST_NORMAL);
  const zero = f32x4.splat(0);
  const vectorEnd = (length & ~3) << 2;
  let at: usize = 0;
  for (; at < vectorEnd; at += 16) {
    const g = f32x4.mul(v128.load(gradient + at), scales);
    let m = v128.load(firstMoment + at);
    m = f32x4.add(m, f32x4.mul(f32x4.sub(g, m), firstRates));
    m = v128.andnot(m, f32x4.lt(f32x4.abs(m), smallest));
    let v = f32x4.mul(v128.load(secondMoment + at), betas);
    v = f32x4.add(v, f32x4.mul(f32x4.mul(g, g), secondRates));
    v = v128.andnot(v, f32x4.lt(f32x4.abs(v), smallest));
    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(v), corrections), epsilons);
    const change = f32x4.div(f32x4.mul(m, steps), denominator);
    const w = v128.load(weights + at);
    v128.store(weights + at, f32x4.sub(f32x4.mul(w, decays), change));
    v128.store(firstMoment + at, m);
    v128.store(secondMoment + at, v);
    if (zeroGradient) v128.store(gradient + at, zero);
  }
  for (const end = length << 2; at < end; at += 4) {
    const g = load<f32>(gradient + at) * gradientScale;
    let m = load<f32>(firstMoment + at);
    m = flush(m + (g - m) * firstRate);
    const v = flush(load<f32>(secondMoment + at) * beta2 + g * g * secondRate);
    const denominator: f32 = sqrt<f32>(v) * rootCorrection + epsilon;
    const change: f32 = (m * stepSize) / denominator;
    store<f32>(weights + at, load<f32>(weights + at) * decayFactor - change);
    store<f32>(firstMoment + at, m);
    store<f32>(secondMoment + at, v);
    if (zeroGradient) store<f32>(gradient + at, 0);
  }
}

function flush(value: f32): f32 {
  return abs<f32>(value) < SMALLEST_NORMAL ? 0 : value;
}

/** Σ x² of each block of NORM_BLOCK values, to the float64 array at `sums`. */
export function squaredNorms(values: usize, length: usize, sums: usize): void {
  while (length > 0) {
    const block = min<usize>(length, NORM_BLOCK);
    store<f64>(sums, squaredNorm(values, block));
    values += block << 2;
    length -= block;
    sums += 8;
  }
}

/** Σ x² in eight lanes: value i goes to lane i modulo 8. */
function squaredNorm(values: usize, length: usize): f64 {
  let lanes01 = f64x2.splat(0);
  let lanes23 = f64x2.splat(0);
  let lanes45 = f64x2.splat(0);
  let lanes67 = f64x2.splat(0);
  const vectorEnd = values + ((length & ~7) << 2);
  let at = values;
  for (; at < vectorEnd; at += 32) {
    const low = v128.load(at);
    const high = v128.load(at + 16);
    const x01 = f64x2.promote_low_f32x4(low);
    const x23 = f64x2.promote_low_f32x4(upperHalf(low));
    const x45 = f64x2.promote_low_f32x4(high);
    const x67 = f64x2.promote_low_f32x4(upperHalf(high));
    lanes01 = f64x2.add(lanes01, f64x2.mul(x01, x01));
    lanes23 = f64x2.add(lanes23, f64x2.mul(x23, x23));
    lanes45 = f64x2.add(lanes45, f64x2.mul(x45, x45));
    lanes67 = f64x2.add(lanes67, f64x2.mul(x67, x67));
  }
  // The rest, at most seven values, goes to lanes 0 … 6.
  const rest = length & 7;
  let lane0 = f64x2.extract_lane(lanes01, 0);
  let lane1 = f64x2.extract_lane(lanes01, 1);
  let lane2 = f64x2.extract_lane(lanes23, 0);
  let lane3 = f64x2.extract_lane(lanes23, 1);
  let lane4 = f64x2.extract_lane(lanes45, 0);
  let lane5 = f64x2.extract_lane(lanes45, 1);
  let lane6 = f64x2.extract_lane(lanes67, 0);
  const lane7 = f64x2.extract_lane(lanes67, 1);
  if (rest > 0) lane0 += squared(at);
  if (rest > 1) lane1 += squared(at + 4);
  if (rest > 2) lane2 += squared(at + 8);
  if (rest > 3) lane3 += squared(at + 12);
  if (rest > 4) lane4 += squared(at + 16);
  if (rest > 5) lane5 += squared(at + 20);
  if (rest > 6) lane6 += squared(at + 24);
  return lane0 + lane1 + lane2 + lane3 + lane4 + lane5 + lane6 + lane7;
}

function upperHalf(values: v128): v128 {
  return v128.shuffle<i64>(values, values, 1, 1);
}

function squared(at: usize): f64 {
  const value = <f64>load<f32>(at);
  return value * value;
}

export function accumulate(target: usize, source: usize, length: usize, factor: f32): void {
  const factors = f32x4.splat(factor);
  const vectorEnd = (length & ~3) << 2;
  let at: usize = 0;
  for (; at < vectorEnd; at += 16) {
    const sum = f32x4.add(v128.load(target + at), f32x4.mul(factors, v128.load(source + at)));
    v128.store(target + at, sum);
  }
  for (const end = length << 2; at < end; at += 4) {
    const product: f32 = factor * load<f32>(source + at);
    store<f32>(target + at, load<f32>(target + at) + product);
  }
}

/** target ← target + source². */
export function addSquares(target: usize, source: usize, length: usize): void {
  const vectorEnd = (length & ~3) << 2;
  let at: usize = 0;
  for (; at < vectorEnd; at += 16) {
    const x = v128.load(source + at);
    v128.store(target + at, f32x4.add(v128.load(target + at), f32x4.mul(x, x)));
  }
  for (const end = length << 2; at < end; at += 4) {
    const x = load<f32>(source + at);
    const square: f32 = x * x;
    store<f32>(target + at, load<f32>(target + at) + square);
  }
}

/** Σ a b of each block of NORM_BLOCK values, to the float64 array at `sums`. */
export function dots(a: usize, b: usize, length: usize, sums: usize): void {
  while (length > 0) {
    const block = min<usize>(length, NORM_BLOCK);
    store<f64>(sums, dot(a, b, block));
    a += block << 2;
    b += block << 2;
    length -= block;
    sums += 8;
  }
}

/** In four lanes: value i goes to lane i modulo 4. */
function dot(a: usize, b: usize, length: usize): f64 {
  let lanes01 = f64x2.splat(0);
  let lanes23 = f64x2.splat(0);
  const vectorEnd = (length & ~3) << 2;
  let at: usize = 0;
  for (; at < vectorEnd; at += 16) {
    const x = v128.load(a + at);
    const y = v128.load(b + at);
    lanes01 = addProducts(lanes01, lowerDoubles(x), lowerDoubles(y));
    lanes23 = addProducts(lanes23, upperDoubles(x), upperDoubles(y));
  }
  for (let lane: usize = 0; lane < (length & 3); lane++, at += 4) {
    const product = <f64>load<f32>(a + at) * <f64>load<f32>(b + at);
    if (lane < 2) lanes01 = f64x2.add(lanes01, inLane(lane, product));
    else lanes23 = f64x2.add(lanes23, inLane(lane, product));
  }
  return sumOfLanes(lanes01, lanes23);
}

/** Σ (a − b)² of each block of NORM_BLOCK values, to the float64 array at `sums`. */
export function squaredDistances(a: usize, b: usize, length: usize, sums: usize): void {
  while (length > 0) {
    const block = min<usize>(length, NORM_BLOCK);
    store<f64>(sums, squaredDistance(a, b, block));
    a += block << 2;
    b += block << 2;
    length -= block;
    sums += 8;
  }
}

/** In lanes as `dot`. */
function squaredDistance(a: usize, b: usize, length: usize): f64 {
  let lanes01 = f64x2.splat(0);
  let lanes23 = f64x2.splat(0);
  const vectorEnd = (length & ~3) << 2;
  let at: usize = 0;
  for (; at < vectorEnd; at += 16) {
    const x = v128.load(a + at);
    const y = v128.load(b + at);
    const d01 = f64x2.sub(lowerDoubles(x), lowerDoubles(y));
    const d23 = f64x2.sub(upperDoubles(x), upperDoubles(y));
    lanes01 = addProducts(lanes01, d01, d01);
    lanes23 = addProducts(lanes23, d23, d23);
  }
  for (let lane: usize = 0; lane < (length & 3); lane++, at += 4) {
    const d = <f64>load<f32>(a + at) - <f64>load<f32>(b + at);
    if (lane < 2) lanes01 = f64x2.add(lanes01, inLane(lane, d * d));
    else lanes23 = f64x2.add(lanes23, inLane(lane, d * d));
  }
  return sumOfLanes(lanes01, lanes23);
}

/**
 * gradient ← gradient + strength · importance · (weights − anchor); no importance (address 0) is 1
 * everywhere. Of each block of NORM_BLOCK values four sums go to the float64 array at `sums`, in lanes
 * as `dot`: with p what is added, p · (weights − anchor), p², and the gradient's squares before and after.
 */
export function addPenaltyGradient(
  gradient: usize,
  weights: usize,
  anchor: usize,
  importance: usize,
  length: usize,
  strength: f32,
  sums: usize,
): void {
  while (length > 0) {
    const block = min<usize>(length, NORM_BLOCK);
    addPenaltyBlock(gradient, weights, anchor, importance, block, strength, sums);
    const bytes = block << 2;
    gradient += bytes;
    weights += bytes;
    anchor += bytes;
    if (importance != 0) importance += bytes;
    length -= block;
    sums += 32;
  }
}

function addPenaltyBlock(
  gradient: usize,
  weights: usize,
  anchor: usize,
  importance: usize,
  length: usize,
  strength: f32,
  sums: usize,
): void {
  const strengths = f32x4.splat(strength);
  let value01 = f64x2.splat(0);
  let value23 = f64x2.splat(0);
  let added01 = f64x2.splat(0);
  let added23 = f64x2.splat(0);
  let before01 = f64x2.splat(0);
  let before23 = f64x2.splat(0);
  let after01 = f64x2.splat(0);
  let after23 = f64x2.splat(0);
  const vectorEnd = (length & ~3) << 2;
  let at: usize = 0;
  for (; at < vectorEnd; at += 16) {
    const d = f32x4.sub(v128.load(weights + at), v128.load(anchor + at));
    let factors = strengths;
    if (importance != 0) factors = f32x4.mul(strengths, v128.load(importance + at));
    const p = f32x4.mul(factors, d);
    const g = v128.load(gradient + at);
    const sum = f32x4.add(g, p);
    v128.store(gradient + at, sum);
    const p01 = lowerDoubles(p);
    const p23 = upperDoubles(p);
    const g01 = lowerDoubles(g);
    const g23 = upperDoubles(g);
    const sum01 = lowerDoubles(sum);
    const sum23 = upperDoubles(sum);
    value01 = addProducts(value01, p01, lowerDoubles(d));
    value23 = addProducts(value23, p23, upperDoubles(d));
    added01 = addProducts(added01, p01, p01);
    added23 = addProducts(added23, p23, p23);
    before01 = addProducts(before01, g01, g01);
    before23 = addProducts(before23, g23, g23);
    after01 = addProducts(after01, sum01, sum01);
    after23 = addProducts(after23, sum23, sum23);
  }
  for (let lane: usize = 0; lane < (length & 3); lane++, at += 4) {
    const d: f32 = load<f32>(weights + at) - load<f32>(anchor + at);
    const factor: f32 = importance != 0 ? strength * load<f32>(importance + at) : strength;
    const p: f32 = factor * d;
    const g = load<f32>(gradient + at);
    const sum: f32 = g + p;
    store<f32>(gradient + at, sum);
    const value = inLane(lane, <f64>p * <f64>d);
    const added = inLane(lane, <f64>p * <f64>p);
    const before = inLane(lane, <f64>g * <f64>g);
    const after = inLane(lane, <f64>sum * <f64>sum);
    if (lane < 2) {
      value01 = f64x2.add(value01, value);
      added01 = f64x2.add(added01, added);
      before01 = f64x2.add(before01, before);
      after01 = f64x2.add(after01, after);
    } else {
      value23 = f64x2.add(value23, value);
      added23 = f64x2.add(added23, added);
      before23 = f64x2.add(before23, before);
      after23 = f64x2.add(after23, after);
    }
  }
  store<f64>(sums, sumOfLanes(value01, value23));
  store<f64>(sums + 8, sumOfLanes(added01, added23));
  store<f64>(sums + 16, sumOfLanes(before01, before23));
  store<f64>(sums + 24, sumOfLanes(after01, after23));
}

function lowerDoubles(values: v128): v128 {
  return f64x2.promote_low_f32x4(values);
}

function upperDoubles(values: v128): v128 {
  return f64x2.promote_low_f32x4(upperHalf(values));
}

function addProducts(lanes: v128, a: v128, b: v128): v128 {
  return f64x2.add(lanes, f64x2.mul(a, b));
}

/** The value in the even or odd lane of a pair, zero in the other. */
function inLane(lane: usize, value: f64): v128 {
  const zero = f64x2.splat(0);
  return lane & 1 ? f64x2.replace_lane(zero, 1, value) : f64x2.replace_lane(zero, 0, value);
}

function sumOfLanes(lanes01: v128, lanes23: v128): f64 {
  return (
    f64x2.extract_lane(lanes01, 0) +
    f64x2.extract_lane(lanes01, 1) +
    f64x2.extract_lane(lanes23, 0) +
    f64x2.extract_lane(lanes23, 1)
  );
}

// Four blocks of Philox4x32-10 at a time: word j of block k is in lane k of `word<j>`.
let word0: v128 = i32x4.splat(0);
let word1: v128 = i32x4.splat(0);
let word2: v128 = i32x4.splat(0);
let word3: v128 = i32x4.splat(0);

function philoxFourBlocks(key0: u32, key1: u32, block: u32, place0: u32, place1: u32): void {
  const multipliers0 = i32x4.splat(0xd2511f53);
  const multipliers1 = i32x4.splat(0xcd9e8d57);
  let c0 = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
  let c1 = i32x4.splat(0);
  let c2 = i32x4.splat(place0);
  let c3 = i32x4.splat(place1);
  for (let round = 0; round < 10; round++) {
    const low0 = i64x2.extmul_low_i32x4_u(multipliers0, c0);
    const high0 = i64x2.extmul_high_i32x4_u(multipliers0, c0);
    const low1 = i64x2.extmul_low_i32x4_u(multipliers1, c2);
    const high1 = i64x2.extmul_high_i32x4_u(multipliers1, c2);
    c0 = v128.xor(v128.xor(upperWords(low1, high1), c1), i32x4.splat(key0));
    c2 = v128.xor(v128.xor(upperWords(low0, high0), c3), i32x4.splat(key1));
    c1 = lowerWords(low1, high1);
    c3 = lowerWords(low0, high0);
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
  }
  // Transposed, so that each vector holds one block in the order of its words.
  const ab0 = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5);
  const ab1 = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7);
  const cd0 = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5);
  const cd1 = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7);
  word0 = v128.shuffle<i64>(ab0, cd0, 0, 2);
  word1 = v128.shuffle<i64>(ab0, cd0, 1, 3);
  word2 = v128.shuffle<i64>(ab1, cd1, 0, 2);
  word3 = v128.shuffle<i64>(ab1, cd1, 1, 3);
}

function lowerWords(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 0, 2, 4, 6);
}

function upperWords(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 1, 3, 5, 7);
}

/** Decisions from Philox block `block` on, 0 or `kept`. */
export function dropoutFloats(
  mask: usize,
  length: usize,
  key0: u32,
  key1: u32,
  block: u32,
  place0: u32,
  place1: u32,
  threshold: u32,
  kept: f32,
): void {
  const thresholds = i16x8.splat(<i16>threshold);
  const factors = f32x4.splat(kept);
  let left = length;
  while (left > 0) {
    const to = left >= 32 ? mask : TAIL;
    philoxFourBlocks(key0, key1, block, place0, place1);
    storeFloats(to, i16x8.ge_u(word0, thresholds), factors);
    storeFloats(to + 32, i16x8.ge_u(word1, thresholds), factors);
    storeFloats(to + 64, i16x8.ge_u(word2, thresholds), factors);
    storeFloats(to + 96, i16x8.ge_u(word3, thresholds), factors);
    if (left < 32) {
      memory.copy(mask, TAIL, left << 2);
      return;
    }
    block += 4;
    mask += 128;
    left -= 32;
  }
}

function storeFloats(to: usize, keep: v128, factors: v128): void {
  v128.store(to, v128.and(i32x4.extend_low_i16x8_s(keep), factors));
  v128.store(to + 16, v128.and(i32x4.extend_high_i16x8_s(keep), factors));
}

/** Decisions from Philox block `block` on, 0 or 1. */
export function dropoutBytes(
  mask: usize,
  length: usize,
  key0: u32,
  key1: u32,
  block: u32,
  place0: u32,
  place1: u32,
  threshold: u32,
): void {
  const thresholds = i16x8.splat(<i16>threshold);
  const ones = i8x16.splat(1);
  let left = length;
  while (left > 0) {
    const to = left >= 32 ? mask : TAIL;
    philoxFourBlocks(key0, key1, block, place0, place1);
    const keep0 = i16x8.ge_u(word0, thresholds);
    const keep1 = i16x8.ge_u(word1, thresholds);
    const keep2 = i16x8.ge_u(word2, thresholds);
    const keep3 = i16x8.ge_u(word3, thresholds);
    v128.store(to, v128.and(i8x16.narrow_i16x8_s(keep0, keep1), ones));
    v128.store(to + 16, v128.and(i8x16.narrow_i16x8_s(keep2, keep3), ones));
    if (left < 32) {
      memory.copy(mask, TAIL, left);
      return;
    }
    block += 4;
    mask += 32;
    left -= 32;
  }
}
