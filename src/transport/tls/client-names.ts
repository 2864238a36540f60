/** The names in a client certificate, and whether a CA still stands behind it. */

import type { X509Certificate } from 'node:crypto';
import { endOf } from './identity.ts';

/**
 * The DNS names, in lower case, and URIs in the SAN of a certificate. None if the text of the SAN is
 * not understood as a whole. A DNS name with a wildcard names no one in particular, and is left out; so is a
 * URI without a scheme, which could pass for a DNS name that the CA does not vouch for.
 */
export function namesOf({ subjectAltName }: Pick<X509Certificate, 'subjectAltName'>): string[] {
  const names: string[] = [];
  let rest = subjectAltName ?? '';
  while (rest !== '') {
    // Node quotes a value as JSON does if it has characters that could end it.
    const found = /^([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/.exec(rest);
    if (found === null) return [];
    const [all, kind, text = ''] = found;
    const value = unquoted(text);
    if (value === undefined) return [];
    if (kind === 'DNS' && /^[\w-]+(?:\.[\w-]+)*$/.test(value)) names.push(value.toLowerCase());
    if (kind === 'URI' && /^[a-z][a-z0-9+.-]*:[!-~]+$/i.test(value)) names.push(value);
    rest = rest.slice(all.length);
  }
  return names;
}

function unquoted(text: string): string | undefined {
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** A certificate and those that its peer sent with it, each followed by its issuer. */
export function chainOf(leaf: X509Certificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let next: X509Certificate | undefined = leaf; next; next = next.issuerCertificate) {
    // A root is its own issuer.
    if (chain.some(({ fingerprint256 }) => fingerprint256 === next?.fingerprint256)) break;
    chain.push(next);
  }
  return chain;
}

/**
 * Whether a root among the CAs stands behind a chain that was verified before, through the chain or other
 * CAs; `nowMs` is since 1970.
 */
export function standsBehind(
  cas: readonly X509Certificate[],
  chain: readonly X509Certificate[],
  nowMs: number,
): boolean {
  const reachesRoot = (each: X509Certificate, others: readonly X509Certificate[]): boolean =>
    others.some(
      ca =>
        nowMs <= endOf(ca) &&
        each.checkIssued(ca) &&
        each.verify(ca.publicKey) &&
        ((cas.includes(ca) && ca.checkIssued(ca)) ||
          reachesRoot(
            ca,
            others.filter(other => other !== ca),
          )),
    );
  const [leaf, ...between] = chain;
  return leaf !== undefined && reachesRoot(leaf, [...cas, ...between]);
}
