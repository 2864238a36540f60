/** Serves the built web app, with security headers that allow only what the app needs. */

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';

/** The build writes this where each answer gets its own CSP nonce. */
export const noncePlaceholder = '__CSP_NONCE__';

const yearSeconds = 31_536_000;

/** Serves a folder of built files to GET and HEAD; the handler returns false for other methods. */
export function serveWebApp(
  folder: string,
): (req: IncomingMessage, res: ServerResponse) => boolean {
  const indexPath = join(folder, 'index.html');
  if (!existsSync(indexPath)) return answerNotBuilt;
  const index = readFileSync(indexPath, 'utf8');
  const files = sirv(folder, {
    dev: false,
    dotfiles: false,
    etag: true,
    brotli: true,
    gzip: true,
    single: false,
    extensions: [],
    setHeaders: (res, path) => {
      // Names under /assets/ hold a hash of the content; other files must be revalidated each time.
      const isHashed = path.startsWith('/assets/');
      const caching = isHashed ? `public, max-age=${yearSeconds}, immutable` : 'no-cache';
      for (const [name, value] of Object.entries(safeHeaders)) res.setHeader(name, value);
      res.setHeader('cache-control', caching);
    },
  });
  return (req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return false;
    const [path = '/'] = (req.url ?? '/').split('?');
    if (isPage(path)) sendIndex(res, index);
    else
      files(req, res, () => {
        res.writeHead(404, safeHeaders).end();
      });
    return true;
  };
}

/** The path of a page has no dot in its last segment; the path of a file has one. */
function isPage(path: string): boolean {
  return path === '/index.html' || !path.slice(path.lastIndexOf('/')).includes('.');
}

function sendIndex(res: ServerResponse, index: string): void {
  const nonce = randomBytes(16).toString('base64');
  res.writeHead(200, {
    ...safeHeaders,
    'content-type': 'text/html; charset=utf-8',
    // A cached page would hold an old nonce, which the policy of the next answer would refuse.
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy(nonce),
  });
  res.end(index.replaceAll(noncePlaceholder, nonce));
}

/**
 * Allows scripts only from our own files. The component library writes `<style>` elements for its
 * theme and breakpoints, which the nonce allows. Style attributes are set by script (CSSOM), which
 * no policy forbids, so 'unsafe-inline' is not needed.
 */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; ');
}

const safeHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

function answerNotBuilt(req: IncomingMessage, res: ServerResponse): boolean {
  if (req.method !== 'GET' && req.method !== 'HEAD') return false;
  res.writeHead(503, { ...safeHeaders, 'content-type': 'text/plain; charset=utf-8' });
  res.end('The web app is not built: run "npm run build:web", then start again.\n');
  return true;
}
