/** JSON that is nested too deep is refused before it is parsed, however it arrives. */

import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHttp } from '../http/server.ts';

let server: Awaited<ReturnType<typeof startHttp>>;
beforeAll(async () => {
  server = await startHttp({ limits: { receiveBytesMax: 4_194_304 } });
});
afterAll(async () => {
  await server.listener.stop(5_000);
  expect(server.bugs).toEqual([]);
});

const deep = `{"unknown":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`;
const shallow = `{"unknown":[${'[],'.repeat(100_000)}[]],"header":"x"}`;
const problem = 'the request is nested deeper than 100 levels';

/** A message with the prefix that gRPC-Web and Connect streams have. */
function prefixed(message: Buffer, flags: number): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flags, 0);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

interface Way {
  method?: string;
  headers: Record<string, string>;
  bytes?: (json: string) => Buffer;
}

const ways: Record<string, Way> = {
  'a plain unary call': { headers: { 'content-type': 'application/json' } },
  gzip: {
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    bytes: json => gzipSync(json),
  },
  'gRPC-Web': {
    headers: { 'content-type': 'application/grpc-web+json' },
    bytes: json => prefixed(Buffer.from(json), 0),
  },
  'gRPC-Web, gzip': {
    headers: { 'content-type': 'application/grpc-web+json', 'grpc-encoding': 'gzip' },
    bytes: json => prefixed(gzipSync(json), 1),
  },
  'a server stream': {
    method: 'WatchInvalidations',
    headers: { 'content-type': 'application/connect+json' },
    bytes: json => prefixed(Buffer.from(json), 0),
  },
};

async function post({ method = 'Verify', headers, bytes = Buffer.from }: Way, json: string) {
  const abort = new AbortController();
  const url = `${server.url}/usher.v1.VerifierService/${method}`;
  const body = new Uint8Array(bytes(json));
  const response = await fetch(url, { method: 'POST', headers, body, signal: abort.signal });
  const told = `${response.headers.get('grpc-message') ?? ''} `;
  const chunk = await response.body?.getReader().read();
  abort.abort();
  return decodeURIComponent(told) + Buffer.from(chunk?.value ?? []).toString('latin1');
}

test.each(Object.keys(ways))('%s', async name => {
  const way = ways[name] as Way;
  expect(decodeURIComponent(await post(way, deep))).toContain(problem);
  expect(decodeURIComponent(await post(way, shallow))).not.toContain(problem);
});
