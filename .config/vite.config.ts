import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const root = `${import.meta.dirname}/..`;

/**
 * The screens, as files that a content security policy of `'self'` alone lets through: no inline
 * script or style, no data URL, relative addresses for `app://` and http alike. Mode `gallery` adds the
 * page of all components and a client with sample data, and goes to a folder of its own.
 */
export default defineConfig(({ mode }) => ({
  root: `${root}/renderer`,
  base: './',
  cacheDir: `${root}/node_modules/.vite`,
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: `${root}/dist/${mode === 'gallery' ? 'gallery' : 'renderer'}`,
    emptyOutDir: true,
    // Where light-dark() and oklch() need no replacement.
    target: ['chrome125', 'firefox128', 'safari18'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
}));
