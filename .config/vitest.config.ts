import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { SlowFilesFirst } from './slowFilesFirst.ts';

/**
 * Two rings run with `npm test`. The interop ring needs a Python environment and the end-to-end ring a
 * browser; each is started by a script of its own.
 */
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    pool: 'forks',
    sequence: { sequencer: SlowFilesFirst },
    projects: [
      {
        extends: true,
        // State of the screens is written with runes, which the compiler of Svelte takes away.
        plugins: [svelte({ configFile: false })],
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
