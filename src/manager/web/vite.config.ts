/** Builds the web app into dist/manager, with gzip and Brotli copies for the server to send. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { noncePlaceholder } from '../web-app.ts';

const root = resolve(import.meta.dirname, '../../..');

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compress()],
  html: { cspNonce: noncePlaceholder },
  // The same code, which needs nothing of Node.
  resolve: { alias: { 'csv-stringify/sync': 'csv-stringify/browser/esm/sync' } },
  build: {
    outDir: join(root, 'dist/manager'),
    emptyOutDir: true,
    manifest: true,
    target: 'es2023',
    // An inlined file would be a data: URL, which the policy allows only for images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});

function compress(): Plugin {
  let folder = '';
  return {
    name: 'usher:compress',
    apply: 'build',
    configResolved: config => {
      folder = join(config.root, config.build.outDir);
      if (config.build.outDir.startsWith('/')) folder = config.build.outDir;
    },
    closeBundle() {
      for (const name of readdirSync(join(folder, 'assets'))) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const path = join(folder, 'assets', name);
        const bytes = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(bytes));
      }
    },
  };
}
