/** What the codes of failed handshakes mean. */

import { expect, test } from 'vitest';
import { tlsFault } from '../../src/tls/fault.ts';

const withCode = (code: string, cause?: unknown) =>
  Object.assign(new Error('failed', { cause }), { code });

test.each([
  ['SELF_SIGNED_CERT_IN_CHAIN', 'authority'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'authority'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'authority'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'authority'],
  ['CERT_SIGNATURE_FAILURE', 'authority'],
  ['CERT_HAS_EXPIRED', 'time'],
  ['CERT_NOT_YET_VALID', 'time'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'name'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'plain'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'plain'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'wanted'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'refused'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'refused'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'refused'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'version'],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'version'],
  ['ECONNREFUSED', undefined],
  ['ECONNRESET', undefined],
])('%s is %s', (code, fault) => {
  expect(tlsFault(withCode(code))).toBe(fault);
  expect(tlsFault(new Error('outer', { cause: withCode('OTHER', withCode(code)) }))).toBe(fault);
});

test('errors without a code, other values and circles are no fault of TLS', () => {
  const circle = new Error('around');
  circle.cause = circle;
  for (const value of [undefined, 'CERT_HAS_EXPIRED', new Error('CERT_HAS_EXPIRED'), circle]) {
    expect(tlsFault(value)).toBeUndefined();
  }
});

test("OpenSSL's reason is read from the text where the code has none", () => {
  const routine =
    'SSL routines:tls_validate_record_header:wrong version number:../ssl/record.c:82:';
  const error = Object.assign(new Error(`write EPROTO 80:error:0A00010B:${routine}`), {
    code: 'EPROTO',
  });
  expect(tlsFault(error)).toBe('plain');
  expect(tlsFault(withCode('EPROTO'))).toBeUndefined();
});
