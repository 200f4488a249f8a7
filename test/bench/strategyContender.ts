/**
 * Takes steps of strategies on one session: `node test/bench/strategyContender.ts MODEL THREADS
 * STRATEGY,…`, driven by contender.ts.
 */
import { createInterface } from 'node:readline';
import { initialWeights } from '../../core/model/initialize.ts';
import { openMlmSession } from '../../core/model/openSession.ts';
import type { ContenderReply, ContenderRequest } from './contender.ts';
import { encoderConfig, modelNamed } from './models.ts';
import { prepare, stepOf, STRATEGIES } from './strategyRequests.ts';
import type { StrategyName } from './strategyRequests.ts';

const model = modelNamed(process.argv[2]);
const threads = Number(process.argv[3]);
const strategies = STRATEGIES.filter((name) => process.argv[4].split(',').includes(name));
const config = encoderConfig(model);
const session = await openMlmSession({
  config,
  weights: initialWeights(config, 1),
  session: { engine: 'cpu', threads },
});
await prepare(session, strategies);
let step = 0;

async function takeSteps(strategy: StrategyName, count: number): Promise<ContenderReply> {
  const seconds: number[] = [];
  const graphSeconds: number[] = [];
  let loss = Number.NaN;
  for (let i = 0; i < count; i++) {
    const request = stepOf(strategy, model, step++);
    const start = performance.now();
    const result = await session.step(request);
    seconds.push((performance.now() - start) / 1000);
    graphSeconds.push(result.graphSeconds);
    if (!result.updated) throw new Error(`A step of ${strategy} had no finite gradient.`);
    loss = result.losses.target.sum / result.losses.target.count;
  }
  return {
    seconds,
    graphSeconds,
    loss,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    residentBytes: process.memoryUsage.rss(),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as ContenderRequest;
  if (request.do === 'finish') {
    console.log(JSON.stringify({ seconds: [], description: session.description }));
    break;
  }
  if (request.do !== 'steps') throw new Error(`Strategies do not do ${request.do}.`);
  const reply = await takeSteps(request.strategy ?? strategies[0], request.count);
  console.log(JSON.stringify(reply));
}
await session.close();
