/** Under what a header is kept: by its hash where that can be had at once, so that no token lies around. */

type Hash = (algorithm: string, data: string, encoding: 'base64url') => string;

/**
 * The SHA-256 of a header on Node. A browser has no hash that answers at once, and a page holds its
 * user's own token anyway: there it is the header itself.
 */
export const headerKey: (header: string) => string = createHeaderKey();

function createHeaderKey(): (header: string) => string {
  // Asked for at run time: an import would break bundles for browsers.
  const node = (globalThis as { process?: { getBuiltinModule?(name: string): unknown } }).process;
  const crypto = node?.getBuiltinModule?.('node:crypto') as { hash?: Hash } | undefined;
  const hash = crypto?.hash;
  return hash === undefined ? header => header : header => hash('sha256', header, 'base64url');
}
