import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/node_modules/**', 'dist/**', 'out/**', '.venv/**', '**/*.as.ts'] },
  {
    files: ['**/*.ts', '**/*.cts', '**/*.svelte'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: `${import.meta.dirname}/..` },
    },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Nothing in the product opens a network connection.' },
      ],
    },
  },
  {
    files: ['core/webhost/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        ...['node:http', 'node:net'].map((name) => ({
          name,
          importNames: ['request', 'get', 'Agent', 'connect', 'createConnection', 'Socket'],
          message: 'The web host answers; it opens no connection.',
        })),
      ],
    },
  },
  {
    files: ['core/headless/**', 'resources/**', 'test/**', '.config/**'],
    rules: { 'no-console': 'off' },
  },
  ...svelte.configs.recommended,
  {
    files: ['renderer/**/*.ts', 'renderer/**/*.svelte', 'test/unit/renderer/state/**'],
    languageOptions: {
      parserOptions: { project: './renderer/tsconfig.json', extraFileExtensions: ['.svelte'] },
    },
  },
  {
    files: ['renderer/**/*.svelte', 'renderer/**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      'svelte/button-has-type': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'SvelteAttribute[key.name="style"]',
          message:
            'The content security policy stops style attributes: use a class or style:name={…}.',
        },
      ],
      // The address is a hash of our own router, and its links are made by routeAddress.
      'svelte/no-navigation-without-resolve': 'off',
      // Maps and sets are held whole in $state.raw and never changed.
      'svelte/prefer-svelte-reactivity': 'off',
      // Props that a parent may bind are declared together with the others.
      'prefer-const': 'off',
      'svelte/prefer-const': [
        'error',
        { destructuring: 'all', excludedRunes: ['$props', '$state'] },
      ],
    },
  },
  {
    // svelte-check knows the types of snippets and of bound values; this parser takes them for any.
    files: ['renderer/**/*.svelte'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-redundant-type-constituents': 'off',
    },
  },
);
