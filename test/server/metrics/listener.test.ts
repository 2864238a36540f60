/** The listener for metrics, and what becomes of it where its default address is taken. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Kind } from '../../../src/gen/usher/v1/access_token_pb.ts';
import { adminOf } from '../api.ts';
import { runServer } from '../run-server.ts';

test('it has metrics and health checks, and nothing else', async () => {
  const server = await runServer({ USHER_METRICS_LISTEN: '127.0.0.1:0' });
  onTestFinished(server.stop);
  const { token } = await adminOf(server).create({ kind: Kind.STATIC, name: 'a' });
  const headers = { authorization: token };
  expect((await fetch(`http://${server.http}/`, { headers })).status).toBe(200);
  const ask = (path: string) => fetch(`http://${server.metrics}${path}`);
  const text = await (await ask('/metrics')).text();
  expect(text).toContain('usher_verdicts_total{reason="NONE",kind="static",door="root"} 1');
  expect(text).toContain('usher_call_duration_seconds_count{door="root",method="/"} 1');
  expect(text).toContain('usher_call_duration_seconds_count{door="manager",method="Create"} 1');
  expect(text).not.toContain(token);
  expect((await ask('/readyz')).status).toBe(200);
  expect((await ask('/healthz')).status).toBe(200);
  for (const path of ['/', '/session', '/openapi.yaml', '/usher.v1.VerifierService/Verify']) {
    expect((await ask(path)).status).toBe(404);
  }
});

test('a gRPC call and a gateway are timed under their doors', async () => {
  const server = await runServer({ USHER_METRICS_LISTEN: '127.0.0.1:0' });
  onTestFinished(server.stop);
  await fetch(`http://${server.http}/forward-auth`);
  await fetch(`http://${server.http}/ext-authz/orders`);
  await fetch(`http://${server.http}/usher.v1.VerifierService/Verify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"header":"Bearer x"}',
  });
  const text = await (await fetch(`http://${server.metrics}/metrics`)).text();
  const counted = text.match(/(?<=^usher_call_duration_seconds_count).*/gm);
  expect(counted?.toSorted()).toEqual([
    '{door="connect",method="Verify"} 1',
    '{door="envoy-http",method="/ext-authz/"} 1',
    '{door="forward-auth",method="/forward-auth"} 1',
  ]);
});

test('where its address is taken, another than the default ends the start', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  await expect(runServer({ USHER_METRICS_LISTEN: `127.0.0.1:${port}` })).rejects.toThrow(
    /in use by another program.* in USHER_METRICS_LISTEN$/,
  );
});

test('where the default is taken, Usher warns and serves without it', async () => {
  const taken = createServer();
  const isFree = await new Promise<boolean>(resolve => {
    taken.once('error', () => resolve(false));
    taken.listen(9464, '127.0.0.1', () => resolve(true));
  });
  if (isFree) onTestFinished(() => void taken.close());
  const server = await runServer({ USHER_METRICS_LISTEN: '127.0.0.1:9464' });
  onTestFinished(server.stop);
  expect(server.metrics).toBe('');
  expect((await fetch(`http://${server.manager}/metrics`)).status).toBe(200);
  const warned = server.logged.filter(line => line.includes('USHER_METRICS_LISTEN'));
  expect(warned).toEqual([expect.stringContaining('port 9464 of 127.0.0.1 is in use')]);
});
