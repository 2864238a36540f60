/**
 * Requests over HTTP/2 with headers that no client sends: repeated, with blanks around them, or with
 * forbidden bytes. Node's client makes the connection and reads the response; its own request is
 * replaced on the way.
 */

import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { Duplex, Transform } from 'node:stream';

/** Names and values as they are sent, as Latin-1. */
export type RawHeaders = readonly (readonly [name: string, value: string])[];

/** What came back. */
export interface RawAnswer {
  /** Headers and trailers. */
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
  /** The code of the reset; 0 for none. */
  reset: number;
}

const frameHeadBytes = 9;
const headersType = 1;
const endHeaders = 4;
const clientPreface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** A string without compression (RFC 7541 section 5.2). */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const length = bytes.length < 127 ? [bytes.length] : [127];
  for (let rest = bytes.length - 127; rest >= 0; rest = rest < 128 ? -1 : rest >> 7) {
    length.push(rest < 128 ? rest : (rest & 127) | 128);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** A header block in which no field is indexed (RFC 7541 section 6.2.2). */
function blockOf(headers: RawHeaders): Buffer {
  return Buffer.concat(
    headers.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]),
  );
}

/** Replaces the header block of the first request. */
function replaceHeaders(block: Buffer): Transform {
  let buffered = Buffer.alloc(0);
  let isFirst = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      buffered = Buffer.concat([buffered, chunk]);
      if (isFirst && buffered.length >= clientPreface.length) {
        this.push(buffered.subarray(0, clientPreface.length));
        buffered = buffered.subarray(clientPreface.length);
        isFirst = false;
      }
      while (!isFirst && buffered.length >= frameHeadBytes) {
        const end = frameHeadBytes + buffered.readUIntBE(0, 3);
        if (buffered.length < end) break;
        const frame = buffered.subarray(0, end);
        buffered = buffered.subarray(end);
        if (frame[3] !== headersType) {
          this.push(frame);
          continue;
        }
        const head = Buffer.from(frame.subarray(0, frameHeadBytes));
        head.writeUIntBE(block.length, 0, 3);
        // Without the flag for a priority, which the block does not have.
        head[4] = ((frame[4] as number) & 1) | endHeaders;
        this.push(Buffer.concat([head, block]));
      }
      done();
    },
  });
}

/** Sends a request with exactly these headers, which fit one frame of 16 KB, and this body. */
export async function rawRequest(
  address: string,
  headers: RawHeaders,
  body: Buffer | undefined,
): Promise<RawAnswer> {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  const replaced = replaceHeaders(blockOf(headers));
  replaced.pipe(socket);
  const between = new Duplex({
    read: () => undefined,
    write: (chunk, encoding, done) => void replaced.write(chunk, encoding, done),
  });
  socket.on('data', chunk => between.push(chunk));
  socket.on('close', () => between.push(null));
  const session = connectHttp2(`http://${address}`, {
    createConnection: () => between,
  });
  session.on('error', () => undefined);
  // The client, too, reads an answer by the method of its request.
  const method = headers.find(([name]) => name === ':method')?.[1] ?? 'POST';
  const stream = session.request({ ':method': method }, { endStream: body === undefined });
  const answered: Record<string, string | undefined> = {};
  const chunks: Buffer[] = [];
  stream.on('response', head => Object.assign(answered, head));
  stream.on('trailers', trailers => Object.assign(answered, trailers));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => undefined);
  if (body !== undefined) stream.end(body);
  await once(stream, 'close');
  session.destroy();
  socket.destroy();
  return { headers: answered, body: Buffer.concat(chunks), reset: stream.rstCode ?? 0 };
}
