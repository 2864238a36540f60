/** A receiver of OTLP traces over HTTP, which reads the Protobuf of its own accord. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { BinaryReader } from '@bufbuild/protobuf/wire';

/** A span, as far as tests look at it. */
export interface ReceivedSpan {
  name: string;
  traceId: string;
  spanId: string;
  /** "" for none. */
  parentId: string;
  /** 1 internal, 2 server (SpanKind of OTLP). */
  kind: number;
  attributes: Record<string, string>;
  /** 0 unset, 1 ok, 2 error. */
  status: number;
  /** The attributes of the process. */
  resource: Record<string, string>;
}

/** A running receiver. */
export interface Receiver {
  url: string;
  spans: ReceivedSpan[];
  /** All bytes that came, as text, to look for what must not be there. */
  text(): string;
  stop(): Promise<void>;
}

/** Starts it on a free port of loopback. */
export async function startReceiver(): Promise<Receiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: Buffer[] = [];
  const server = createServer(async (req, res) => {
    const body = await buffer(req);
    bodies.push(body);
    if (req.url === '/v1/traces') spans.push(...spansIn(body));
    res.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    text: () => Buffer.concat(bodies).toString('latin1'),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Calls `onField` with each field of a message: a Buffer for a length-delimited one, else a number. */
function fields(bytes: Uint8Array, onField: (no: number, value: Buffer | number) => void): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [no, wireType] = reader.tag();
    if (wireType === 2) onField(no, Buffer.from(reader.bytes()));
    else if (wireType === 0) onField(no, Number(reader.uint64()));
    else reader.skip(wireType, no);
  }
}

/** The members with a number, of a message. */
function members(bytes: Uint8Array, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  fields(bytes, (no, value) => {
    if (no === wanted && value instanceof Buffer) found.push(value);
  });
  return found;
}

/** ExportTraceServiceRequest: resource_spans (1), each with resource (1) and scope_spans (2) with spans (2). */
function spansIn(body: Buffer): ReceivedSpan[] {
  return members(body, 1).flatMap(resourceSpans => {
    const [resource] = members(resourceSpans, 1);
    const about = resource === undefined ? {} : attributesIn(resource, 1);
    return members(resourceSpans, 2)
      .flatMap(scope => members(scope, 2))
      .map(span => spanIn(span, about));
  });
}

function spanIn(bytes: Buffer, resource: Record<string, string>): ReceivedSpan {
  const span: ReceivedSpan = {
    ...{ name: '', traceId: '', spanId: '', parentId: '', kind: 0, status: 0 },
    ...{ attributes: attributesIn(bytes, 9), resource },
  };
  fields(bytes, (no, value) => {
    if (no === 1) span.traceId = (value as Buffer).toString('hex');
    if (no === 2) span.spanId = (value as Buffer).toString('hex');
    if (no === 4) span.parentId = (value as Buffer).toString('hex');
    if (no === 5) span.name = String(value);
    if (no === 6) span.kind = Number(value);
    if (no === 15) span.status = statusIn(value as Buffer);
  });
  return span;
}

/** KeyValue: key (1), value (2) with string_value (1), bool_value (2) or int_value (3). */
function attributesIn(bytes: Buffer, no: number): Record<string, string> {
  const all: Record<string, string> = {};
  for (const pair of members(bytes, no)) {
    const [key = ''] = members(pair, 1).map(String);
    const [value] = members(pair, 2);
    if (value === undefined) continue;
    fields(value, (_, held) => {
      all[key] = String(held);
    });
  }
  return all;
}

/** Status: code (3). */
function statusIn(bytes: Buffer): number {
  let status = 0;
  fields(bytes, (no, value) => {
    if (no === 3) status = Number(value);
  });
  return status;
}
