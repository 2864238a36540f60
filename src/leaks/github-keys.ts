/** The public keys by which GitHub signs its reports of leaked secrets, fetched and kept for a while. */

import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { OutboundFetch } from '../outbound/outbound.ts';
import { Unavailable } from '../store/store.ts';

/** Where GitHub publishes them. */
export const githubKeysUrl = 'https://api.github.com/meta/public_keys/secret_scanning';

/** How long fetched keys are used before they are fetched again, in milliseconds. */
const keptMs = 3_600_000;
/** How soon they may be fetched again for a key that is not among them, in milliseconds. */
const pauseMs = 60_000;
/** The form of the ids of keys: what cannot be one makes Usher fetch nothing. */
const idForm = /^[0-9a-f]{40,128}$/;

/** What is needed. */
export interface GithubKeysDeps {
  fetch: OutboundFetch;
  /** A list of keys in the form of `githubKeysUrl`. */
  url: string;
  /** `performance.now`. */
  monotonicMs(): number;
  /** Called with the error when the keys could not be fetched; those of before are used. */
  onFailure(error: unknown): void;
}

/** Whether GitHub signed a body. Throws Unavailable where no keys could be fetched. */
export type IsSignedByGithub = (
  headers: { keyId: string; signature: string },
  body: Uint8Array,
) => Promise<boolean>;

/** Creates it. */
export function createIsSignedByGithub(deps: GithubKeysDeps): IsSignedByGithub {
  const keyOf = createKeyOf(deps);
  return async ({ keyId, signature }, body) => {
    if (!idForm.test(keyId) || signature === '') return false;
    const key = await keyOf(keyId);
    // ECDSA-NIST-P256V1-SHA256, in DER.
    return key !== undefined && verify('sha256', body, key, Buffer.from(signature, 'base64'));
  };
}

function createKeyOf(deps: GithubKeysDeps): (id: string) => Promise<KeyObject | undefined> {
  const { fetch, url, monotonicMs, onFailure } = deps;
  let keys: Map<string, KeyObject> | undefined;
  let triedMs = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;
  const load = async () => {
    triedMs = monotonicMs();
    const answer = await fetch(url, {
      headers: { accept: 'application/json', 'user-agent': 'usher' },
    });
    if (!answer.ok) throw new Error(`the list of GitHub's keys was answered with ${answer.status}`);
    keys = keysIn(await answer.json());
  };
  const reload = () => {
    fetching ??= load().finally(() => {
      fetching = undefined;
    });
    return fetching;
  };
  return async id => {
    const ageMs = monotonicMs() - triedMs;
    const isDue = ageMs >= (keys?.has(id) ? keptMs : pauseMs);
    if (fetching !== undefined || isDue) {
      await reload().catch(onFailure);
    }
    if (keys === undefined) throw new Unavailable("GitHub's public keys could not be fetched");
    return keys.get(id);
  };
}

/** The keys of the answer; throws Error for one that is no list of keys. */
function keysIn(answer: unknown): Map<string, KeyObject> {
  const list = isObject(answer) ? answer.public_keys : undefined;
  if (!Array.isArray(list)) throw new Error("the list of GitHub's keys has another form");
  return new Map(list.filter(isObject).flatMap(keyIn));
}

/** An entry, or none where it is no key of ECDSA. */
function keyIn({ key_identifier: id, key: pem }: Record<string, unknown>): [string, KeyObject][] {
  if (typeof id !== 'string' || typeof pem !== 'string') return [];
  try {
    const key = createPublicKey(pem);
    const isP256 = key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return isP256 ? [[id, key]] : [];
  } catch {
    return [];
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
