/** Requests under way at every listener: beyond the limit in bytes, the largest is refused. */

import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { createConnectDoor } from '../../src/transport/connect/listener.ts';
import { createH2GrpcListener } from '../../src/transport/grpc/listener.ts';
import { heldBody } from '../../src/transport/http/held-body.ts';
import { createHttpListener } from '../../src/transport/http/listener.ts';
import { defaultLimits } from '../limits.ts';
import { verifierBinding } from './fakes.ts';
import { recordingGuard } from './guard.ts';
import { answerOf, openH2, requestH2, withHttp2 } from './http/http2.ts';

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

const here = { host: '127.0.0.1', port: 0 };
const bytesMax = 100_000;
const onBug = (error: unknown) => {
  throw error;
};
const bindings = [verifierBinding()];

function guardOf(limits: typeof defaultLimits.http | typeof defaultLimits.grpc) {
  return recordingGuard({ ...limits, requestBytesMax: bytesMax });
}

async function startHttp() {
  const guard = guardOf(defaultLimits.http);
  const limits = defaultLimits.http;
  const door = createConnectDoor({
    ...{ bindings, limits, onBug, guard, cors: false, requireProtocolHeader: false },
  });
  const form = {
    path: '/form',
    methods: ['POST'],
    handle: (req: IncomingMessage, res: { end(body: string): unknown }) =>
      text(req).then(
        body => void res.end(body),
        () => undefined,
      ),
  };
  const listener = createHttpListener({
    routes: [...door.routes, heldBody(form, 1_000_000, guard)],
    ...{ limits, corsOrigins: [], onBug, guard },
    ...withHttp2({ onBug, guard }),
  });
  cleaning.push(() => listener.stop(1000));
  const { port } = await listener.listen(here);
  return { guard, port };
}

/** Sends headers and a part of a body, and no end. */
function upload(port: number, path: string, headers: Record<string, string>, body: Buffer) {
  const request = httpRequest({ host: '127.0.0.1', port, path, method: 'POST', headers });
  request.on('error', () => {});
  request.write(body);
  cleaning.push(() => request.destroy());
  return request;
}

const verify = '/usher.v1.VerifierService/Verify';

test.each([
  ['Connect', { 'content-type': 'application/json' }, 503],
  [
    'Connect through connect-node',
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    503,
  ],
])('%s refuses a slow upload at once', async (_, headers, status) => {
  const { guard, port } = await startHttp();
  const request = upload(port, verify, headers, Buffer.alloc(bytesMax + 1, 0x20));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(status);
  expect(JSON.parse(await text(response))).toMatchObject({ code: 'unavailable' });
  expect(await guard.next()).toBe('refused request');
  request.destroy();
});

test('a form that announces too much is refused, and holds nothing afterwards', async () => {
  const { guard, port } = await startHttp();
  const headers = { 'content-length': String(bytesMax + 1) };
  const request = upload(port, '/form', headers, Buffer.from('a'));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(503);
  expect(await guard.next()).toBe('refused request');
  expect(guard.requests.bytes).toBe(0);
});

test('a form over HTTP/2 that announces no length counts as the longest', async () => {
  const { guard, port } = await startHttp();
  const session = await openH2(port);
  cleaning.push(() => session.destroy());
  const stream = requestH2(session, '/form', { method: 'POST', end: false });
  stream.write('a');
  expect((await answerOf(stream)).status).toBe(503);
  expect(await guard.next()).toBe('refused request');
  expect(guard.requests.bytes).toBe(0);
});

test('a length that is given twice over HTTP/2 counts once', async () => {
  const { guard, port } = await startHttp();
  const session = await openH2(port);
  cleaning.push(() => session.destroy());
  const counted = async (times: number) => {
    const before = guard.requests.bytes;
    const headers = Array.from({ length: times }, () => ['content-length', '5'] as const);
    requestH2(session, '/form', { method: 'POST', headers, end: false });
    while (guard.requests.bytes === before) await new Promise(setImmediate);
    return guard.requests.bytes - before;
  };
  // The head has one field more, with 32 bytes of its own (RFC 9113 section 6.5.2).
  const single = await counted(1);
  expect((await counted(2)) - single).toBe('content-length'.length + '5'.length + 32);
});

test('many slow uploads add up, and a short call gets through beside them', async () => {
  const { guard, port } = await startHttp();
  const long = { 'content-length': '60000' };
  const uploads = [1, 2].map(() => upload(port, '/form', long, Buffer.from('a')));
  const gone = Promise.race(
    uploads.map(each => new Promise<void>(resolve => each.once('close', () => resolve()))),
  );
  expect(await guard.next()).toBe('refused request');
  await gone;
  const short = upload(port, '/form', { 'content-length': '5' }, Buffer.from('short'));
  const [response] = (await once(short, 'response')) as [IncomingMessage];
  expect([response.statusCode, await text(response)]).toEqual([200, 'short']);
});

test('gRPC refuses a slow upload with UNAVAILABLE, and answers the next call', async () => {
  const guard = guardOf(defaultLimits.grpc);
  const listener = createH2GrpcListener({ bindings, limits: defaultLimits.grpc, onBug, guard });
  cleaning.push(() => listener.stop(1000));
  const { port } = await listener.listen(here);
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  cleaning.push(() => session.destroy());
  const call = (body: Buffer, end: boolean) => {
    const headers = { ':method': 'POST', ':path': verify, 'content-type': 'application/grpc' };
    const stream = session.request(headers);
    stream.on('error', () => {});
    if (end) stream.end(body);
    else stream.write(body);
    return stream;
  };
  const slow = call(Buffer.alloc(bytesMax + 1), false);
  const [headers] = await once(slow, 'response');
  expect(headers['grpc-status']).toBe('14');
  expect(await guard.next()).toBe('refused request');
  const next = call(Buffer.alloc(5), true);
  next.resume();
  const [trailers] = await once(next, 'trailers');
  expect(trailers['grpc-status']).toBe('0');
  expect(guard.requests.bytes).toBe(0);
});

test.each(['StreamVerify', 'WatchInvalidations'])(
  'gRPC refuses a message of %s that does not end, and holds nothing afterwards',
  async method => {
    const guard = guardOf(defaultLimits.grpc);
    const listener = createH2GrpcListener({ bindings, limits: defaultLimits.grpc, onBug, guard });
    cleaning.push(() => listener.stop(1000));
    const { port } = await listener.listen(here);
    const session = connect(`http://127.0.0.1:${port}`);
    session.on('error', () => {});
    cleaning.push(() => session.destroy());
    const path = `/usher.v1.VerifierService/${method}`;
    const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc' };
    const slow = session.request(headers);
    slow.on('error', () => {});
    slow.write(Buffer.concat([Buffer.of(0, 0, 0x10, 0, 0), Buffer.alloc(bytesMax)]));
    const [answer] = await once(slow, 'response');
    expect(answer['grpc-status']).toBe('14');
    expect(await guard.next()).toBe('refused request');
    expect(guard.requests.bytes).toBe(0);
  },
);
