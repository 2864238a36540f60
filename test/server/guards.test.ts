/** What listeners refuse and close is counted, and logged once per kind and minute. */

import { expect, test } from 'vitest';
import { createGuards } from '../../src/server/guards.ts';
import { createMetrics } from '../../src/server/metrics/metrics.ts';
import { runServer } from './run-server.ts';

function setup() {
  const lines: [fields: object, text: string][] = [];
  let nowMs = 0;
  const metrics = createMetrics(10);
  const guardOf = createGuards({
    limits: { unread: { connectionBytesMax: 1, processBytesMax: 1 }, requestBytesMax: 1 },
    isExempt: () => false,
    metrics,
    log: { warn: (fields: object, text: string) => void lines.push([fields, text]) } as never,
    monotonicMs: () => nowMs,
  });
  return {
    ...{ guardOf, lines, metrics },
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

test('one line per kind and minute, with the number since the line before', () => {
  const { guardOf, lines, pass } = setup();
  const [grpc, http] = [guardOf('grpc'), guardOf('http')];
  for (let n = 0; n < 5; n++) grpc.refused('source', '192.0.2.7');
  http.refused('source', '192.0.2.7');
  grpc.unreadClosed('process');
  pass(59_999);
  grpc.refused('source', '192.0.2.7');
  expect(lines.map(([fields]) => fields)).toEqual([
    { listener: 'grpc', source: '192.0.2.7', count: 1 },
    { listener: 'http', source: '192.0.2.7', count: 1 },
    { listener: 'grpc', count: 1 },
  ]);
  pass(1);
  grpc.refused('source', '192.0.2.8');
  expect(lines[3]).toEqual([
    { listener: 'grpc', source: '192.0.2.8', count: 6 },
    expect.stringContaining('USHER_TRUSTED_PROXIES'),
  ]);
});

test('every event is counted by listener and reason', async () => {
  const { guardOf, metrics } = setup();
  guardOf('http').refused('full', '192.0.2.7');
  guardOf('http').refused('full', '192.0.2.8');
  guardOf('manager').unreadClosed('deadline');
  const text = String((await metrics.answer(undefined)).body);
  expect(text).toContain('usher_connections_refused_total{listener="http",reason="full"} 2');
  expect(text).toContain('usher_unread_closed_total{listener="manager",reason="deadline"} 1');
});

test('the shares of a server are those of its settings', async () => {
  const server = await runServer({ USHER_CONNECTIONS_PER_SOURCE_MAX: '1' });
  try {
    const { connect } = await import('node:net');
    const { once } = await import('node:events');
    const port = Number(server.http.split(':').at(-1));
    const first = connect(port, '127.0.0.1');
    await once(first, 'connect');
    const second = connect(port, '127.0.0.1').resume();
    await once(second, 'close');
    first.destroy();
    const text = await (await fetch(`http://${server.manager}/metrics`)).text();
    expect(text).toContain('usher_connections_refused_total{listener="http",reason="source"} 1');
  } finally {
    await server.stop();
  }
});
