/** The built site: its files, and a server for them. */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, posix } from 'node:path';

const folder = 'out/site';

/** The pages, by their address without ".html"; "/" is the first one. Throws if none is built. */
export function builtPages(): ReadonlyMap<string, string> {
  const files = globSync('**/*.html', { cwd: folder });
  if (files.length === 0) throw new Error('the site is not built; run it by: npm run test:site');
  return new Map(files.map(file => [addressOf(file), readFileSync(join(folder, file), 'utf8')]));
}

/** Whether an address has a file that is no page, such as a picture. */
export function isFile(address: string): boolean {
  return extname(address) !== '' && existsSync(join(folder, address));
}

function addressOf(file: string): string {
  return posix.join('/', file.replace(/(?:index)?\.html$/, ''));
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
};

/** Serves the site as a static host does: `/settings` is settings.html. */
export async function serveSite(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const tries = [pathname, `${pathname}.html`, `${pathname}/index.html`];
    const file = tries
      .map(path => join(folder, path))
      .find(path => extname(path) !== '' && existsSync(path));
    response.statusCode = file === undefined ? 404 : 200;
    response.setHeader(
      'content-type',
      types[extname(file ?? '.html')] ?? 'application/octet-stream',
    );
    response.end(readFileSync(file ?? join(folder, '404.html')));
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
