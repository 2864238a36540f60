/** The Authorization header, up to the verdict: what every door takes from strangers. */

import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { compactVerify } from 'jose';
import { canonicalHeader } from '../../../src/caching/canonical-header.ts';
import { createProofCache, proofKey } from '../../../src/verify/proof-cache.ts';
import { decodeJsonObject } from '../../../src/verify/strict-json.ts';
import type { Verdict } from '../../../src/verify/verdict.ts';
import { defaultLimits, roomy } from '../../limits.ts';
import { now, nowMs, secretKey, signed, verifierOver } from '../../verify/setup.ts';
import type { Target } from '../target.ts';
import { importedId, importedTokens, jwtId, knownRecords, ownToken } from './known-tokens.ts';
import { depthOf, hasRepeated, numbersIn, readSlowly, textsIn } from './slow-json.ts';

const { headerBytesMax, claimsDepthMax } = defaultLimits.verify;
const records = new Map(knownRecords.map(record => [record.id, record]));
const reader = {
  find: (id: string) => ({ record: records.get(id), stale: false }),
  isCurrent: () => false,
};
const verify = verifierOver(
  reader,
  () => nowMs,
  createProofCache(roomy),
  async token => (importedTokens.includes(token) ? importedId : undefined),
);
const key = Buffer.from(secretKey);
const base64url = (text: string) => Buffer.from(text, 'latin1').toString('base64url');

/**
 * A header as it stands after a first byte of 0. After 2, what a JWT has before its signature. After any
 * other, two texts divided by a NUL, which are its header and payload. Both are signed: no change at
 * random would make a signature.
 */
function headerIn(input: Buffer): string {
  const text = input.subarray(1).toString('latin1');
  if (input[0] === 0) return text;
  if (input[0] === 2) return `Bearer ${signed(text)}`;
  const [head = '', payload = ''] = text.split('\0');
  return `Bearer ${signed(`${base64url(head)}.${base64url(payload)}`)}`;
}

async function play(input: Buffer): Promise<void> {
  const header = headerIn(input);
  const verdict = await verify({ header });
  const short = header.length <= headerBytesMax;
  const canonical = short ? canonicalHeader(header) : header;
  const again = await verify({ header: canonical });
  assert(isDeepStrictEqual(again, verdict), 'another spelling, another verdict');
  assert.equal(proofKey(canonical, headerBytesMax), proofKey(header, headerBytesMax));
  if (verdict.identity !== undefined) await checkProof(canonical, verdict);
  const payload = canonical.split('.')[1] ?? '';
  if (/^[\w-]+$/.test(payload)) checkJson(payload);
}

/** A verdict names a holder only for a token that is known, or that jose finds rightly signed. */
async function checkProof(header: string, { valid, identity }: Verdict): Promise<void> {
  const token = header.replace(/^Bearer /, '');
  if (identity?.kind === 'static') {
    const known = identity.tokenId === importedId ? importedTokens : [ownToken];
    return assert(known.includes(token), 'a token that there is not');
  }
  for (const part of token.split('.')) {
    assert.equal(Buffer.from(part, 'base64url').toString('base64url'), part, 'another spelling');
  }
  const { payload, protectedHeader } = await compactVerify(token, key, { algorithms: ['HS256'] });
  assert.equal(protectedHeader.kid?.toLowerCase(), jwtId);
  if (!valid) return;
  const claims = JSON.parse(Buffer.from(payload).toString());
  const { exp, nbf = 0, iat = 0, aud } = claims;
  assert(Math.floor(exp) > now, 'it has expired');
  assert((nbf ?? 0) <= now + 60 && (iat ?? 0) <= now + 60, 'it is of the future');
  const audiences = [aud ?? []].flat();
  assert(audiences.length > 0 && audiences.every(each => ['api', 'web'].includes(each)));
}

/** The strict reader takes the same objects as one that reads a character at a time. */
function checkJson(base64url: string): void {
  const bytes = Buffer.from(base64url, 'base64url');
  if (bytes.length > 4000) return;
  const text = bytes.toString('utf8');
  const slow = Buffer.from(text).equals(bytes) ? readSlowly(text) : undefined;
  const isGood =
    slow?.kind === 'object' &&
    depthOf(slow) <= claimsDepthMax &&
    !hasRepeated(slow) &&
    textsIn(slow).every(each => each.isWellFormed());
  const read = decodeJsonObject(base64url, claimsDepthMax);
  assert.equal(typeof read === 'object', isGood, `read differently: ${JSON.stringify(read)}`);
  if (!isGood || typeof read !== 'object') return;
  const numbers = numbersIn(slow).map(Number);
  assert.equal(read.areFinite, numbers.every(Number.isFinite));
  assert.deepEqual(read.value, JSON.parse(text));
}

const raw = (text: string) => Buffer.from(`\0${text}`, 'latin1');
const jwt = (header: string, claims: string) => Buffer.from(`\x01${header}\0${claims}`, 'latin1');
const head = `{"alg":"HS256","kid":"${jwtId}","typ":"JWT"}`;
const good = `{"aud":"api","exp":${now + 60},"iat":${now},"sub":"ann","jti":"1","scope":"a b"}`;

/** The header. */
export const authorizationTarget: Target = {
  name: 'authorization',
  share: 4,
  bytesMax: 9000,
  seeds: [
    raw(`Bearer ${ownToken}`),
    raw(` bearer\t ${ownToken} `),
    raw(ownToken),
    ...importedTokens.map(raw),
    raw('Basic dTpw'),
    raw('Bearer a.b.c'),
    raw(''),
    jwt(head, good),
    Buffer.from(`\x02${base64url(head)}.${base64url(good)}`),
    Buffer.from(`\x02${base64url(`${head} `)}.${base64url(`${good}  `)}`),
    jwt(head, `{"aud":["api","web"],"exp":9e99,"nbf":null,"sub":9007199254740993}`),
    jwt(head.replace('HS256', 'none'), good),
    jwt(head, `{"exp":${now + 60},"aud":"api","a":[[[{"b":"\\ud800"}]]]}`),
    jwt(head, `{"exp":${now - 1},"aud":"api"}`),
    jwt(head, `{"exp":1e999,"aud":"api"}`),
    jwt(head, `{"exp":${now + 60},"exp":1,"aud":"api"}`),
  ],
  words: [
    ...[
      '"kid"',
      '"alg"',
      '"crit"',
      '"jwk"',
      '"exp"',
      '"aud"',
      '"iat"',
      '"nbf"',
      '"scope"',
      '"sub"',
    ],
    ...[
      'HS256',
      'none',
      'Bearer ',
      '\\u',
      '\\ud83d\\ude00',
      '":',
      ',"',
      '{',
      '}',
      '[',
      ']',
      'null',
    ],
    ...['1e999', String(now), '-0', '__proto__', '\xef\xbb\xbf', '\0', '.', jwtId, ownToken, '"'],
  ].map(text => Buffer.from(text, 'latin1')),
  play,
};
