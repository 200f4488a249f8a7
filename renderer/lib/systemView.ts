/** What the System page says of the machine, as words and as a text to copy. */
import type { Diagnostics } from '../../core/workbench/contract.ts';

export const ENGINES: Readonly<
  Record<Diagnostics['engines'][number]['name'], { readonly title: string; readonly about: string }>
> = {
  cpu: { title: 'CPU', about: 'ONNX Runtime on the processor. The reference: always there.' },
  webgpu: { title: 'WebGPU', about: 'ONNX Runtime on the graphics card, on any system.' },
  tensorflow: {
    title: 'TensorFlow',
    about: 'CUDA on NVIDIA cards, where its library is installed.',
  },
};

/** For a report of a fault: no names of models, corpora or projects, only numbers of them. */
export function diagnosticsText(diagnostics: Diagnostics, window: string): string {
  const { version, node, platform, cores, memoryBytes, homeBytes, freeBytes } = diagnostics;
  const { engines, counts, databaseProblem } = diagnostics;
  return [
    `Palimpsest ${version}`,
    `Node.js ${node}, ${platform}, ${cores} cores, ${memoryBytes} bytes of memory`,
    `Window: ${window}`,
    `Home folder: ${homeBytes} bytes used, ${freeBytes} bytes free`,
    `Database: ${databaseProblem ?? 'sound'}`,
    ...engines.map(
      ({ name, available, detail }) =>
        `Engine ${name}: ${available ? 'available' : 'not available'}; ${detail}`,
    ),
    `${counts.models} models, ${counts.corpora} corpora, ${counts.projects} projects, ${counts.runs} runs`,
  ].join('\n');
}

/** How many of the addresses are of another place than the window's own. */
export function foreignAddresses(addresses: readonly string[], origin: string): string[] {
  return addresses.filter((address) => {
    try {
      const url = new URL(address, origin);
      // What is made inside the window comes from nowhere.
      return url.origin !== origin && url.protocol !== 'blob:' && url.protocol !== 'data:';
    } catch {
      return true;
    }
  });
}
