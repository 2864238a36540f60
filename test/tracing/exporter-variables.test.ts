/** The variables of the exporter that are wrong are named, before the server starts. */

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkExporterVariables } from '../../src/tracing/exporter-variables.ts';

const here = fileURLToPath(import.meta.url);

test.each([
  ['ENDPOINT', 'nonsense', /is no address; use one such as/],
  ['ENDPOINT', 'ftp://127.0.0.1/', /is no address/],
  ['ENDPOINT', 'localhost:4318', /is no address/],
  ['TIMEOUT', '5s', /is 5s; use a whole number from 1/],
  ['CERTIFICATE', '/nowhere/ca.pem', /names a file that cannot be read/],
  ['CLIENT_CERTIFICATE', '/nowhere/cert.pem', /names a file that cannot be read/],
  ['CLIENT_KEY', '/nowhere/key.pem', /names a file that cannot be read/],
])('%s %s', (kind, value, text) => {
  for (const name of [`OTEL_EXPORTER_OTLP_${kind}`, `OTEL_EXPORTER_OTLP_TRACES_${kind}`]) {
    const check = () => checkExporterVariables({ [name]: value });
    expect(check).toThrow(name);
    expect(check).toThrow(text);
  }
});

test('what an address holds is not in the error', () => {
  const check = () => checkExporterVariables({ OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://me:pw@c/' });
  expect(check).toThrow(/^OTEL_EXPORTER_OTLP_ENDPOINT is no address; [^@]*$/);
});

test.each([
  {},
  { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_EXPORTER_OTLP_TIMEOUT: '' },
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4318', OTEL_EXPORTER_OTLP_TIMEOUT: '500' },
  { OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: here },
])('%j is right', env => expect(() => checkExporterVariables(env)).not.toThrow());
