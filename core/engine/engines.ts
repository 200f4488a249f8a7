/** Which engines work on this machine, and which one a person's choice means. */
import { UserError } from '../base/errors.ts';
import { isTensorFlowInstalled } from './eager/tensorflow.ts';
import { probeInProcess } from './engineProbe.ts';
import type { Probe, ProbeResult } from './engineProbe.ts';
import { hasGraphicsHardware } from './graphicsHardware.ts';
import type { EngineChoice, EngineName } from './types.ts';

export interface EngineState {
  readonly name: EngineName;
  readonly available: boolean;
  /** Why not, or what was checked: one sentence. */
  readonly detail: string;
}

/** What engine selection asks of the machine; tests give their own. */
export interface Machine {
  readonly probe: Probe;
  readonly hasGraphicsHardware: () => boolean;
  readonly hasTensorFlow: () => boolean;
}

const thisMachine: Machine = {
  probe: remembered(probeInProcess),
  hasGraphicsHardware: () => hasGraphicsHardware(),
  hasTensorFlow: isTensorFlowInstalled,
};

const ENGINES = ['cpu', 'webgpu', 'tensorflow'] as const;

const HINTS: Readonly<Record<EngineName, string>> = {
  cpu: 'Reinstall the program with `npm ci`; ONNX Runtime is part of it.',
  webgpu: 'Install a graphics driver (Vulkan on Linux), or use --engine cpu.',
  tensorflow: 'Install it with `npm run setup:tensorflow`, or use --engine cpu.',
};

/** Every engine with the result of its self-check, one after the other. */
export async function listEngines(machine: Machine = thisMachine): Promise<EngineState[]> {
  const states: EngineState[] = [];
  for (const name of ENGINES) {
    const result = await machine.probe(name, false);
    const available = result.available;
    states.push({ name, available, detail: detailOf(name, result, machine) });
  }
  return states;
}

function detailOf(name: EngineName, result: ProbeResult, machine: Machine): string {
  if (!result.available) return result.reason;
  const check = `${result.description}: the self-check gave the known results`;
  if (name === 'webgpu' && !machine.hasGraphicsHardware()) {
    return `${check}, on a software driver that is slower than the CPU engine.`;
  }
  return `${check}.`;
}

/**
 * The engine that a choice means: `auto` is the fastest that passes its self-check, and the CPU when
 * nothing else is there. Throws a UserError when the one asked for does not work here.
 */
export async function resolveEngine(
  choice: EngineChoice,
  machine: Machine = thisMachine,
): Promise<EngineName> {
  switch (choice) {
    case 'cpu':
      return 'cpu';
    case 'auto':
      return await fastest(machine);
    case 'webgpu':
    case 'tensorflow': {
      const result = await machine.probe(choice, false);
      if (result.available) return choice;
      const sentence = `The engine ${choice} cannot be used here. ${result.reason}`;
      throw new UserError('engine/unavailable', sentence, HINTS[choice]);
    }
  }
}

async function fastest(machine: Machine): Promise<EngineName> {
  const accelerators: EngineName[] = [];
  if (machine.hasGraphicsHardware()) accelerators.push('webgpu');
  if (machine.hasTensorFlow()) accelerators.push('tensorflow');
  if (accelerators.length === 0) return 'cpu';
  let best: EngineName = 'cpu';
  let bestSeconds = Infinity;
  for (const name of ['cpu', ...accelerators] as const) {
    const result = await machine.probe(name, true);
    if (!result.available || result.seconds === null || result.seconds >= bestSeconds) continue;
    best = name;
    bestSeconds = result.seconds;
  }
  return best;
}

function remembered(probe: Probe): Probe {
  const results = new Map<string, Promise<ProbeResult>>();
  return (engine, timed) => {
    const key = `${engine} ${timed}`;
    const known = results.get(key) ?? probe(engine, timed);
    results.set(key, known);
    return known;
  };
}
