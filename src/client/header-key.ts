/** Makes the cache key of a header: its hash on Node, so that memory contains few tokens. */

type Hash = (algorithm: string, data: string, encoding: 'base64url') => string;

/**
 * The SHA-256 of a header on Node, the header itself in browsers: they have no synchronous hash,
 * and a page has its user's token in memory anyway.
 */
export const headerKey: (header: string) => string = createHeaderKey();

function createHeaderKey(): (header: string) => string {
  // Looked up at run time, because an import would break bundles for browsers.
  const node = (globalThis as { process?: { getBuiltinModule?(name: string): unknown } }).process;
  const crypto = node?.getBuiltinModule?.('node:crypto') as { hash?: Hash } | undefined;
  const hash = crypto?.hash;
  return hash === undefined ? header => header : header => hash('sha256', header, 'base64url');
}
