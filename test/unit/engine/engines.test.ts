import { describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import type { ProbeResult } from '../../../core/engine/engineProbe.ts';
import { listEngines, resolveEngine } from '../../../core/engine/engines.ts';
import type { Machine } from '../../../core/engine/engines.ts';
import { hasGraphicsHardware } from '../../../core/engine/graphicsHardware.ts';
import type { EngineName } from '../../../core/engine/types.ts';

const takes = (seconds: number): ProbeResult => ({ available: true, description: 'It', seconds });
const fails = (reason: string): ProbeResult => ({ available: false, reason });

function machine(
  results: Readonly<Record<EngineName, ProbeResult>>,
  { graphics = true, tensorflow = true } = {},
): Machine & { readonly probed: string[] } {
  const probed: string[] = [];
  return {
    probed,
    probe: async (engine, timed) => {
      probed.push(`${engine}${timed ? ' timed' : ''}`);
      return results[engine];
    },
    hasGraphicsHardware: () => graphics,
    hasTensorFlow: () => tensorflow,
  };
}

const ALL = { cpu: takes(3), webgpu: takes(2), tensorflow: takes(1) };

describe('the engine that auto means', () => {
  it('is the fastest', async () => {
    expect(await resolveEngine('auto', machine(ALL))).toBe('tensorflow');
    expect(await resolveEngine('auto', machine({ ...ALL, webgpu: takes(0.5) }))).toBe('webgpu');
    expect(await resolveEngine('auto', machine({ ...ALL, cpu: takes(0.1) }))).toBe('cpu');
  });

  it('is not one that fails its self-check', async () => {
    const failing = machine({ ...ALL, tensorflow: fails('CUDA is missing.') });
    expect(await resolveEngine('auto', failing)).toBe('webgpu');
  });

  it('is never a software driver, which is not even tried', async () => {
    const software = machine({ ...ALL, webgpu: takes(0.001) }, { graphics: false });
    expect(await resolveEngine('auto', software)).toBe('tensorflow');
    expect(software.probed).toEqual(['cpu timed', 'tensorflow timed']);
  });

  it('is the CPU without a check where nothing else is', async () => {
    const plain = machine(ALL, { graphics: false, tensorflow: false });
    expect(await resolveEngine('auto', plain)).toBe('cpu');
    expect(plain.probed).toEqual([]);
  });
});

describe('an engine asked for by name', () => {
  it('is taken when it works', async () => {
    for (const name of ['cpu', 'webgpu', 'tensorflow'] as const) {
      expect(await resolveEngine(name, machine(ALL))).toBe(name);
    }
  });

  it('is refused with the reason and what to do when it does not', async () => {
    const broken = machine({ ...ALL, webgpu: fails('There is no driver.') });
    const error: unknown = await resolveEngine('webgpu', broken).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      code: 'engine/unavailable',
      message: 'The engine webgpu cannot be used here. There is no driver.',
      hint: expect.stringContaining('--engine cpu') as string,
    });
  });
});

it('lists every engine with what was checked', async () => {
  const results = { ...ALL, tensorflow: fails('It is not installed.') };
  expect(await listEngines(machine(results, { graphics: false }))).toEqual([
    { name: 'cpu', available: true, detail: 'It: the self-check gave the known results.' },
    {
      name: 'webgpu',
      available: true,
      detail:
        'It: the self-check gave the known results, ' +
        'on a software driver that is slower than the CPU engine.',
    },
    { name: 'tensorflow', available: false, detail: 'It is not installed.' },
  ]);
});

describe('graphics hardware', () => {
  const system = (
    platform: NodeJS.Platform,
    environment: Record<string, string> = {},
    devices: string[] = [],
  ): boolean =>
    hasGraphicsHardware({
      platform,
      environment,
      hasDevice: (path) => devices.includes(path),
    });

  it('is there on macOS and Windows', () => {
    expect(system('darwin')).toBe(true);
    expect(system('win32')).toBe(true);
  });

  it('is there on Linux with a device', () => {
    expect(system('linux')).toBe(false);
    expect(system('linux', {}, ['/dev/nvidia0'])).toBe(true);
    expect(system('linux', {}, ['/dev/dri/renderD*'])).toBe(true);
  });

  it('is not used where only software drivers are allowed', () => {
    const icd = '/usr/lib/chromium/vk_swiftshader_icd.json';
    const devices = ['/dev/dri/renderD*'];
    expect(system('linux', { VK_ICD_FILENAMES: icd }, devices)).toBe(false);
    expect(system('linux', { VK_DRIVER_FILES: '/x/lvp_icd.x86_64.json' }, devices)).toBe(false);
    expect(system('linux', { VK_ICD_FILENAMES: `${icd}:/x/nvidia_icd.json` }, devices)).toBe(true);
  });
});
