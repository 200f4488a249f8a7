import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/node_modules/**', 'dist/**', 'out/**', '.venv/**', '**/*.as.ts', 'renderer/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: `${import.meta.dirname}/..` },
    },
    rules: {
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
);
