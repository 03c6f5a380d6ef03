/**
 * The import law (docs/architecture.md), type-only imports included.
 * A layer may import any layer below it, never one above or beside it.
 */
const layers = ['app', 'maintenance', 'dispatch', 'engine', 'behaviours', 'step', 'ports', 'model'];

/** The folders of lib/app, the highest first; above them are the files of lib/app itself. */
const appFolders = [
  'dispatchers',
  'http',
  'sessions',
  'handles',
  'parts',
  'publishing',
  'executions',
  'telemetry',
  'options',
  'runtime',
  'injection',
];

/** What a room outside the layers may import besides itself. */
const rooms = {
  compiler: ['metadata', 'model'],
  decorators: ['metadata', 'model'],
  metadata: ['model'],
  adapters: ['ports', 'model'],
};

/** The one file that both planes know: metadata and the current execution live behind it. */
const bridge = '^lib/ports/current-execution\\.ts$';

/** One third-party package, one home. */
const homes = [
  { module: 'tsyringe', home: '^lib/app/' },
  { module: 'reflect-metadata', home: '^(lib/(app|metadata|decorators)|nest)/' },
  { module: 'class-validator', home: '^lib/adapters/class-validator/' },
  { module: 'class-transformer', home: '^lib/adapters/class-validator/' },
  { module: 'libsql', home: '^lib/adapters/sqlite/' },
  { module: '@nestjs/[^/]+', home: '^nest/' },
  { module: 'rxjs', home: '^nest/' },
  { module: 'croner', home: '^lib/compiler/' },
  { module: 'ms', home: '^lib/model/' },
  { module: 'ioredis', home: '^lib/adapters/redis/' },
  { module: 'bullmq', home: '^lib/adapters/bullmq/' },
];

const homeOfBuiltin = [
  { module: '(node:)?sqlite', home: '^lib/adapters/sqlite/' },
  { module: '(node:)?async_hooks', home: '^lib/(ports|testing)/' },
];

/** A built-in that the oldest supported Node does not have; the adapter asks before it uses it. */
const lateBuiltin = '^node:sqlite$';

const any = (names) => `^lib/(${names.join('|')})/`;

const layerRules = layers.map((layer, rank) => ({
  name: `${layer}-looks-down`,
  severity: 'error',
  comment: `lib/${layer} imports only layers below it${layer === 'app' ? ', and, as the composition root, the boot plane and the adapters' : ''}.`,
  from: { path: any([layer]) },
  to: {
    path: '^(lib|nest)/',
    pathNot: any(layer === 'app' ? [...layers, ...Object.keys(rooms)] : [layer, ...layers.slice(rank + 1)]),
  },
}));

const appFolderRules = appFolders.map((folder, rank) => ({
  name: `app-${folder}-looks-down`,
  severity: 'error',
  comment: `lib/app/${folder} imports only folders of lib/app below it, never the files at its top.`,
  from: { path: `^lib/app/${folder}/` },
  to: { path: '^lib/app/', pathNot: `^lib/app/(${appFolders.slice(rank).join('|')})/` },
}));

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-keeps-to-itself`,
  severity: 'error',
  comment: `lib/${room} imports only itself and ${allowed.join(', ')}.`,
  from: { path: any([room]) },
  to: {
    path: '^(lib|nest)/',
    pathNot: [any([room, ...allowed]), ...(room === 'decorators' || room === 'metadata' ? [bridge] : [])],
  },
}));

const homeRules = [
  ...homes.map(({ module, home }) => ({
    name: `home-of-${module.replace(/[^a-z0-9-]/g, '')}`,
    to: { path: [`^${module}$`, `node_modules/${module}/`] },
    home,
  })),
  ...homeOfBuiltin.map(({ module, home }) => ({
    name: `home-of-${module.replace('(node:)?', '')}`,
    to: { path: `^${module}$` },
    home,
  })),
].map(({ name, to, home }) => ({
  name,
  severity: 'error',
  comment: `Imported only in ${home.replaceAll(/[\^]/g, '')}.`,
  from: { path: '^(lib|nest)/', pathNot: home },
  to,
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layerRules,
    ...appFolderRules,
    ...roomRules,
    ...homeRules,
    {
      name: 'adapters-stand-apart',
      severity: 'error',
      comment: 'One folder each; no adapter imports another.',
      from: { path: '^lib/adapters/([^/]+)/' },
      to: { path: '^lib/adapters/', pathNot: '^lib/adapters/$1/' },
    },
    {
      name: 'adapters-live-in-folders',
      severity: 'error',
      comment: 'A file belongs to one adapter, never to lib/adapters itself.',
      from: {},
      to: { path: '^lib/adapters/[^/]+\\.ts$' },
    },
    {
      name: 'entries-are-the-outside',
      severity: 'error',
      comment: 'Nothing inside the package imports what it exports.',
      from: { path: '^lib/', pathNot: '^lib/entries/' },
      to: { path: '^lib/entries/' },
    },
    {
      name: 'testing-is-an-entry-of-its-own',
      severity: 'error',
      comment: 'Only the entry holdfast/testing reaches lib/testing.',
      from: { path: '^(lib|nest)/', pathNot: '^lib/(testing/|entries/testing\\.ts$)' },
      to: { path: '^lib/testing/' },
    },
    {
      name: 'testing-uses-the-parts',
      severity: 'error',
      comment: 'lib/testing imports anything but the entries and the host modules.',
      from: { path: '^lib/testing/' },
      to: { path: '^nest/' },
    },
    {
      name: 'cli-stands-alone',
      severity: 'error',
      comment: 'lib/cli is a program: no file of the package imports it.',
      from: { path: '^(lib|nest)/', pathNot: '^lib/cli/' },
      to: { path: '^lib/cli/' },
    },
    {
      name: 'cli-makes-no-app',
      severity: 'error',
      comment: 'A command reads classes and stores; it runs no engine, container or host.',
      from: { path: '^lib/cli/' },
      to: {
        path: '^(lib|nest)/',
        pathNot: any(['cli', 'compiler', 'decorators', 'adapters', 'engine', 'ports', 'model']),
      },
    },
    {
      name: 'nest-uses-the-entries',
      severity: 'error',
      comment: 'nest/ imports the entries of the package only.',
      from: { path: '^nest/' },
      to: { path: '^lib/', pathNot: '^lib/entries/' },
    },
    {
      name: 'lib-knows-no-host',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^nest/' },
    },
    {
      name: 'model-imports-nothing',
      severity: 'error',
      comment:
        'The model has no I/O: of the outside world it may import ms and the types of Standard Schema.',
      from: { path: '^lib/model/' },
      to: { pathNot: ['^lib/model/', '(^|/)node_modules/(@types/)?ms/', '@standard-schema/spec'] },
    },
    {
      name: 'users-see-the-public-surface',
      severity: 'error',
      comment: 'Samples, stories and type tests are written as a user would write them.',
      from: { path: '^(samples|test/(stories|types))/' },
      to: { path: '^(lib|nest)/', pathNot: '^(lib/entries/|nest/(testing/)?index\\.ts$)' },
    },
    {
      name: 'package-imports-no-tests',
      severity: 'error',
      from: { path: '^(lib|nest)/' },
      to: { path: '^(test|samples|bench|scripts)/' },
    },
    {
      name: 'package-ships-its-imports',
      severity: 'error',
      comment: 'What the package imports is a dependency or a peer, never a devDependency.',
      from: { path: '^(lib|nest)/' },
      to: {
        pathNot: lateBuiltin,
        couldNotResolve: false,
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional'],
      },
    },
    {
      name: 'imports-resolve',
      severity: 'error',
      from: { path: '^(lib|nest|samples|test|bench)/' },
      to: { couldNotResolve: true, pathNot: lateBuiltin },
    },
    {
      name: 'no-cycle-between-files',
      severity: 'error',
      from: { path: '^(lib|nest|samples|test|bench)/' },
      to: { circular: true },
    },
    {
      name: 'no-cycle-between-folders',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|\\.cache)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
