/** Health, reflection and the graceful stop, tested with common tools. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { promisify } from 'node:util';
import { create } from '@bufbuild/protobuf';
import type { Client } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  Health,
  HealthCheckResponse_ServingStatus,
} from '../../../src/gen/grpc/health/v1/health_pb.ts';
import {
  StreamVerifyRequestSchema,
  VerifierService,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import type { GrpcListener } from '../../../src/transport/rpc/grpc-listener.ts';
import type { Verify } from '../../../src/verify/verify.ts';
import { defaultLimits } from '../../limits.ts';
import { granted, verifierBinding, verify } from '../fakes.ts';
import { bidi, clientOf, errorOf, serverStream, unary } from './client.ts';
import { engines } from './engines.ts';

describe.each(engines)('$engine', ({ createListener }) => {
  const run = promisify(execFile);
  const bugs: unknown[] = [];
  let listener: GrpcListener;
  let client: Client;
  let port: number;
  /** Calls that ask about "wait" hang until it is called. */
  let release: () => void;

  beforeEach(async () => {
    const gate = Promise.withResolvers<void>();
    release = gate.resolve;
    const waiting: Verify = async question => {
      if (question.header !== 'wait') return verify(question);
      await gate.promise;
      return granted;
    };
    listener = createListener({
      bindings: [verifierBinding({ verify: waiting })],
      limits: defaultLimits.grpc,
      onBug: error => bugs.push(error),
    });
    ({ port } = await listener.listen({ host: '127.0.0.1', port: 0 }));
    client = clientOf(port);
  });

  afterEach(async () => {
    release();
    client.close();
    await listener.stop(5_000);
    expect(listener.connections()).toBe(0);
    expect(bugs).toEqual([]);
  });

  const { SERVING, NOT_SERVING } = HealthCheckResponse_ServingStatus;
  const check = (service: string) => unary(client, Health.method.check, { service });
  const watch = (service: string) => serverStream(client, Health.method.watch, { service });

  const next = (stream: ReturnType<typeof watch>) =>
    new Promise((resolve, reject) => stream.once('data', resolve).once('error', reject));

  describe('health', () => {
    test('follows setServing, for the server and each service', async () => {
      for (const service of ['', 'usher.v1.VerifierService']) {
        expect(await check(service)).toMatchObject({ status: SERVING });
        listener.setServing(false);
        expect(await check(service)).toMatchObject({ status: NOT_SERVING });
        listener.setServing(true);
      }
      expect(await errorOf(check('nobody'))).toMatchObject({ code: status.NOT_FOUND });
    });

    test('liveness is SERVING while the process answers, and List names all', async () => {
      listener.setServing(false);
      expect(await check('liveness')).toMatchObject({ status: SERVING });
      const { statuses } = await unary(client, Health.method.list, {});
      expect(Object.entries(statuses).map(([name, each]) => [name, each.status])).toEqual([
        ['', NOT_SERVING],
        ['usher.v1.VerifierService', NOT_SERVING],
        ['liveness', SERVING],
      ]);
    });
  });

  describe('reflection', () => {
    const services = [
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'usher.v1.VerifierService',
    ];
    const buf = (...args: string[]) =>
      run('buf', ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...args]);
    const url = () => `http://127.0.0.1:${port}`;

    test.each(['grpc-v1', 'grpc-v1alpha'])('lists every service over %s', async protocol => {
      const { stdout } = await buf('--reflect-protocol', protocol, '--list-services', url());
      expect(stdout.trim().split('\n').sort()).toEqual(services);
    });

    test('lets buf curl call by name alone', async () => {
      const hello = await buf(
        ...['-H', 'authorization: good', `${url()}/usher.v1.VerifierService/Hello`],
      );
      expect(JSON.parse(hello.stdout)).toEqual({
        message: 'Oh, Hello',
        time: '2024-02-22T03:54:51Z',
      });
      const checked = await buf('-d', '{}', `${url()}/grpc.health.v1.Health/Check`);
      expect(JSON.parse(checked.stdout)).toEqual({ status: 'SERVING' });
      const request = '{"header":"good","requiredScopes":["a"]}';
      const verified = await buf('-d', request, `${url()}/usher.v1.VerifierService/Verify`);
      expect(JSON.parse(verified.stdout)).toMatchObject({ valid: true, cacheTtl: '1.500s' });
    });
  });

  describe('stop', () => {
    const inFlight = () => unary(client, VerifierService.method.verify, { header: 'wait' });

    test('ends a health Watch after telling it, and lets a call in flight finish', async () => {
      const call = inFlight();
      const watching = watch('');
      expect(await next(watching)).toMatchObject({ status: SERVING });
      const stopped = listener.stop(5_000);
      expect(await next(watching)).toMatchObject({ status: NOT_SERVING });
      const end = new Promise(resolve => watching.once('error', resolve));
      expect(await end).toMatchObject({ code: status.UNAVAILABLE });
      release();
      expect(await call).toMatchObject({ valid: true });
      await stopped;
    });

    test('answers what a StreamVerify has sent, then ends it', async () => {
      const stream = bidi(client, VerifierService.method.streamVerify);
      const answers: unknown[] = [];
      const ended = new Promise(resolve => stream.once('error', resolve));
      stream.on('data', answer => answers.push(answer));
      stream.write(
        create(StreamVerifyRequestSchema, { items: [{ id: 1n, request: { header: 'good' } }] }),
      );
      await new Promise(resolve => stream.once('data', resolve));
      const stopped = listener.stop(5_000);
      expect(await ended).toMatchObject({ code: status.UNAVAILABLE });
      expect(answers).toHaveLength(1);
      await stopped;
    });

    test('is bounded by the grace', async () => {
      const call = errorOf(inFlight());
      await check('');
      await listener.stop(1);
      // Clients report a closed connection in different ways.
      expect([status.UNAVAILABLE, status.INTERNAL]).toContain((await call).code);
    });

    test('also ends a connection that was opened just before', async () => {
      const socket = connectTcp(port, '127.0.0.1');
      await once(socket, 'connect');
      while (listener.connections() < 1) await new Promise(resolve => setImmediate(resolve));
      const stopped = listener.stop(60_000);
      const session = connectHttp2('http://a', { createConnection: () => socket });
      expect((await once(session, 'goaway'))[0]).toBe(constants.NGHTTP2_NO_ERROR);
      session.close();
      await stopped;
    });

    test('does not wait for a silent connection beyond the grace', async () => {
      const socket = connectTcp(port, '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      while (listener.connections() < 1) await new Promise(resolve => setImmediate(resolve));
      await listener.stop(1);
      expect(listener.connections()).toBe(0);
    });

    test('accepts no new connection', async () => {
      await listener.stop(5_000);
      const late = clientOf(port);
      const call = unary(late, VerifierService.method.verify, { header: 'good' });
      expect((await errorOf(call)).code).toBe(status.UNAVAILABLE);
      late.close();
    });
  });
});
