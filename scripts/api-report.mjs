/**
 * Compares the public types of each entry with the reports in etc/, which are reviewed with every change.
 * Builds into .cache first. `--update` writes the reports.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { build } from './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const update = process.argv.includes('--update');
const entries = {
  holdfast: 'lib/entries/index.d.ts',
  testing: 'lib/entries/testing.d.ts',
  redis: 'lib/entries/redis.d.ts',
  bullmq: 'lib/entries/bullmq.d.ts',
  nest: 'nest/index.d.ts',
  'nest-testing': 'nest/testing/index.d.ts',
};

const silent = { logLevel: 'none' };

function report(name, entry) {
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, '.cache/api/esm', entry),
      compiler: { tsconfigFilePath: join(root, 'tsconfig.build.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: join(root, 'etc'),
        reportTempFolder: join(root, '.cache/api/report'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'warning' } },
        extractorMessageReporting: {
          default: silent,
          'ae-forgotten-export': { logLevel: 'none', addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: silent },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  });
  return Extractor.invoke(config, {
    localBuild: update,
    showVerboseMessages: false,
    messageCallback: (message) => {
      if (message.category === 'console') message.handled = true;
    },
  });
}

await build('.cache/api');
mkdirSync(join(root, 'etc'), { recursive: true });
const stale = Object.entries(entries).filter(([name, entry]) => {
  const { apiReportChanged, succeeded } = report(name, entry);
  return !succeeded || (apiReportChanged && !update);
});
if (stale.length > 0) {
  console.error(
    `Out of date: ${stale.map(([name]) => `etc/${name}.api.md`).join(', ')}. Run \`npm run api:update\`.`,
  );
  process.exit(1);
}
