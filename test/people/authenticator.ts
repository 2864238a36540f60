/** An authenticator of passkeys in software (WebAuthn Level 3, section 6), which a test can bend. */

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A passkey that it made. */
export interface MadePasskey {
  id: string;
  privateKey: KeyObject;
  /** As the server gave it when the passkey was made. */
  userHandle: string;
  counter: number;
}

/** What differs from an honest answer. */
export interface Bent {
  origin?: string;
  rpId?: string;
  challenge?: string;
  /** Absent for one more than before. */
  counter?: number;
  userHandle?: string;
  /** False for one that did not verify its user. */
  isVerified?: boolean;
}

/** The options of a registration or a sign-in, as far as it needs them. */
interface Options {
  challenge: string;
  rp?: { id?: string };
  rpId?: string;
  user?: { id: string };
}

const userPresent = 0x01;
const userVerified = 0x04;
const hasCredential = 0x40;

/** Makes a passkey, and the answer of its registration at a page of this origin. */
export function makePasskey(options: Options, origin: string, bent: Bent = {}) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const id = randomBytes(16);
  const cose = Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01]),
    Buffer.concat([Buffer.from([0x21, 0x58, 0x20]), Buffer.from(x, 'base64url')]),
    Buffer.concat([Buffer.from([0x22, 0x58, 0x20]), Buffer.from(y, 'base64url')]),
  ]);
  const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, cose]);
  const rpId = bent.rpId ?? options.rp?.id ?? '';
  const authData = dataOf(rpId, hasCredential, bent.counter ?? 0, bent.isVerified, credential);
  const attestation = Buffer.concat([
    Buffer.from([0xa3]),
    ...[text('fmt'), text('none'), text('attStmt'), Buffer.from([0xa0])],
    ...[text('authData'), Buffer.from([0x58, authData.length]), authData],
  ]);
  const client = clientData('webauthn.create', options, origin, bent);
  const encodedId = id.toString('base64url');
  const answer = {
    ...{ id: encodedId, rawId: encodedId, type: 'public-key', clientExtensionResults: {} },
    response: {
      clientDataJSON: client.toString('base64url'),
      attestationObject: attestation.toString('base64url'),
      transports: ['internal'],
    },
  };
  const userHandle = options.user?.id ?? '';
  const passkey: MadePasskey = {
    id: encodedId,
    privateKey,
    userHandle,
    counter: bent.counter ?? 0,
  };
  return { passkey, answer };
}

/** The answer of a sign-in by a passkey at a page of this origin. */
export function answerWith(
  passkey: MadePasskey,
  options: Options,
  origin: string,
  bent: Bent = {},
) {
  passkey.counter = bent.counter ?? passkey.counter + 1;
  const rpId = bent.rpId ?? options.rpId ?? '';
  const authData = dataOf(rpId, 0, passkey.counter, bent.isVerified);
  const client = clientData('webauthn.get', options, origin, bent);
  const signed = Buffer.concat([authData, createHash('sha256').update(client).digest()]);
  return {
    ...{ id: passkey.id, rawId: passkey.id, type: 'public-key', clientExtensionResults: {} },
    response: {
      clientDataJSON: client.toString('base64url'),
      authenticatorData: authData.toString('base64url'),
      signature: sign('sha256', signed, passkey.privateKey).toString('base64url'),
      userHandle: bent.userHandle ?? passkey.userHandle,
    },
  };
}

function clientData(type: string, { challenge }: Options, origin: string, bent: Bent): Buffer {
  const of = { type, challenge: bent.challenge ?? challenge, origin: bent.origin ?? origin };
  return Buffer.from(JSON.stringify({ ...of, crossOrigin: false }));
}

function dataOf(
  rpId: string,
  more: number,
  counter: number,
  isVerified = true,
  credential = Buffer.alloc(0),
): Buffer {
  const flags = userPresent | (isVerified ? userVerified : 0) | more;
  const count = Buffer.alloc(4);
  count.writeUInt32BE(counter);
  const host = createHash('sha256').update(rpId).digest();
  return Buffer.concat([host, Buffer.from([flags]), count, credential]);
}

/** A short text in CBOR (RFC 8949). */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)]);
}
