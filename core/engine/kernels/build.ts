/** Compiles kernels.as.ts to kernels.wasm, which is committed (`npm run build:kernels`). */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as asc from 'assemblyscript/asc';

const SOURCE = 'kernels.as.ts';

/** The compiled module; the compiler's messages go to stderr. */
export async function compileKernels(): Promise<Uint8Array> {
  const source = await readFile(join(import.meta.dirname, SOURCE), 'utf8');
  let compiled: Uint8Array | undefined;
  const { error } = await asc.main(
    [
      SOURCE,
      ...['--outFile', 'kernels.wasm', '--optimizeLevel', '3', '--shrinkLevel', '0'],
      ...['--runtime', 'stub', '--noAssert', '--enable', 'simd', '--enable', 'threads'],
      ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
    ],
    {
      readFile: (name) => (name === SOURCE ? source : null),
      writeFile: (name, contents) => {
        if (name === 'kernels.wasm' && contents instanceof Uint8Array) compiled = contents;
      },
      listFiles: () => [],
      stderr: process.stderr,
    },
  );
  if (error !== null) throw error;
  if (compiled === undefined) throw new Error('The compiler gave no module.');
  return compiled;
}

if (import.meta.main) {
  const path = join(import.meta.dirname, 'kernels.wasm');
  const bytes = await compileKernels();
  await writeFile(path, bytes);
  process.stdout.write(`${path}: ${bytes.length} bytes\n`);
}
