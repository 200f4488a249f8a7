/** Dependency direction of ARCHITECTURE.md, checked by `npm run check:dependencies`. */
const only = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    only('no-cycles', 'Data flows one way.', {}, { circular: true }),
    only(
      'base-is-the-bottom',
      'core/base imports nothing of ours.',
      { path: '^core/base/' },
      { path: '^core/(?!base/)' },
    ),
    only(
      'engine-below-everything',
      'engine imports only base.',
      { path: '^core/engine/' },
      { path: '^core/(?!base/|engine/)' },
    ),
    only(
      'model-on-engine',
      'model imports only base and engine.',
      { path: '^core/model/' },
      { path: '^core/(?!base/|engine/|model/)' },
    ),
    only(
      'text-stands-alone',
      'text imports only base and the plain batch types of the engine.',
      { path: '^core/text/' },
      { path: '^core/(?!base/|text/|engine/types\\.ts$)' },
    ),
    only(
      'demo-text-stands-alone',
      'demo imports only base.',
      { path: '^core/demo/' },
      { path: '^core/(?!base/|demo/)' },
    ),
    only(
      'results-on-statistics',
      'results imports only base, the statistics, the names of strategies and the shape of results.',
      { path: '^core/results/' },
      {
        path: '^core/(?!base/|results/|strategies/|evaluation/statistics\\.ts$|workbench/results\\.ts$)',
      },
    ),
    only(
      'no-way-up-to-workbench',
      'Libraries do not know the services on top of them.',
      { path: '^core/(training|evaluation|strategies|store)/' },
      { path: '^core/(workbench|headless)/' },
    ),
    only(
      'core-knows-no-host',
      'Nothing in core imports a screen or Electron.',
      { path: '^core/' },
      { path: '^(electron|renderer)/|node_modules/electron/' },
    ),
    only(
      'only-headless-is-a-host',
      'The workbench does not import its hosts.',
      { path: '^core/(?!headless/)' },
      { path: '^core/headless/' },
    ),
    only(
      'numeric-libraries-in-engine',
      'Only engine imports TensorFlow.js or ONNX Runtime.',
      { path: '^(core/(?!engine/)|electron|renderer)' },
      { path: 'node_modules/(@tensorflow|onnxruntime)' },
    ),
    only(
      'sqlite-in-store',
      'Only store imports better-sqlite3.',
      { path: '^(core/(?!store/)|electron|renderer)' },
      { path: 'node_modules/better-sqlite3' },
    ),
    only(
      'web-host-is-a-host',
      'Only the command that serves it imports the local web host.',
      { path: '^core/(?!webhost/|headless/commands/serve\\.ts$)|^electron|^renderer' },
      { path: '^core/webhost/' },
    ),
    only(
      'web-host-on-workbench',
      'The local web host imports only base and the workbench.',
      { path: '^core/webhost/' },
      { path: '^core/(?!base/|screens/|webhost/|workbench/)' },
    ),
    only(
      'screens-stand-alone',
      'What every host sends with the screens needs nothing of ours.',
      { path: '^core/screens/' },
      { path: '^core/(?!screens/)' },
    ),
    only(
      'electron-is-a-thin-host',
      'Electron imports the workbench, the command line and what hosts share.',
      { path: '^electron/' },
      {
        path: '^(core/(?!base/|screens/|workbench/|headless/)|renderer/)',
        dependencyTypesNot: ['type-only'],
      },
    ),
    only(
      'preload-stands-alone',
      'The sandbox loads one file and a part of Electron.',
      { path: '^electron/preload\\.cts$' },
      { pathNot: 'node_modules/electron/', dependencyTypesNot: ['type-only'] },
    ),
    only(
      'electron-in-one-place',
      'Only the entry and the preload import Electron; the rest is given it.',
      { path: '^electron/(?!main\\.ts$|preload\\.cts$)' },
      { path: 'node_modules/electron/', dependencyTypesNot: ['type-only'] },
    ),
    only(
      'window-protocol-is-portable',
      'What windows and hosts share runs in a browser too.',
      { path: '^core/workbench/(protocol|windowSessions)\\.ts$' },
      { dependencyTypes: ['core'] },
    ),
    only(
      'sockets-in-the-web-host',
      'Only the local web host opens a listener.',
      { path: '^core/(?!webhost/)|^electron|^renderer' },
      { path: 'node_modules/(ws|@types/ws)/' },
    ),
    only(
      'no-network',
      'No network code but the local web host.',
      { path: '^core/(?!webhost/)|^electron|^renderer' },
      { path: '^(node:)?(http|https|http2|net|tls|dgram|dns)$', dependencyTypes: ['core'] },
    ),
    only(
      'resolvable',
      'Every import resolves.',
      { pathNot: '\\.as\\.ts$' },
      { couldNotResolve: true },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.as\\.ts$' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.cts', '.js', '.cjs', '.mjs', '.json', '.svelte'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
