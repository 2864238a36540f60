/** Plays the bytes of a client on this server and on that of node:http2, and says what each did. */

import { createServer, type ServerHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import { H2Connection } from '../../../src/transport/h2/connection.ts';
import { errorCodes, frameTypes } from '../../../src/transport/h2/frame.ts';
import { FrameReader } from '../../../src/transport/h2/frame-reader.ts';
import { encodeFields } from '../../../src/transport/h2/hpack/encoder.ts';
import { prepareAnswer } from '../../../src/transport/h2/prepared-answer.ts';
import { FakeSocket } from './fake-socket.ts';
import { roomyLimits } from './served.ts';

/** What became of a session. */
export interface Outcome {
  /** By the id of the stream: `answered N` with the length of the content, or `reset CODE`. */
  streams: Record<number, string>;
  /** `fine`, or the code of the GOAWAY. */
  connection: string;
}

const codeNames = new Map<number, string>(
  Object.entries(errorCodes).map(([name, code]) => [code, name]),
);
const nameOf = (code: number) => codeNames.get(code) ?? String(code);

/** What a server's bytes say. */
function outcomeOf(sent: Buffer): Outcome {
  const streams: Record<number, string> = {};
  const lengths = new Map<number, number>();
  let connection = 'fine';
  const reader = new FrameReader(2 ** 24, (type, flag, id, bytes, at, end) => {
    if (type === frameTypes.data) lengths.set(id, (lengths.get(id) ?? 0) + end - at);
    const ends = (flag & 1) !== 0 && (type === frameTypes.data || type === frameTypes.headers);
    if (ends) streams[id] = `answered ${lengths.get(id) ?? 0}`;
    // After the whole answer it only says that the rest of the request is not needed.
    if (type === frameTypes.rstStream) streams[id] ??= `reset ${nameOf(bytes.readUInt32BE(at))}`;
    if (type === frameTypes.goaway) connection = nameOf(bytes.readUInt32BE(at + 4));
  });
  reader.read(sent);
  return { streams, connection };
}

const head = encodeFields([[':status', '200']]);

/** On this server. */
export async function playHere(input: Buffer): Promise<Outcome> {
  const socket = new FakeSocket();
  const bugs: unknown[] = [];
  const connection = new H2Connection(socket.socket, {
    limits: roomyLimits,
    createHandler: () => ({
      onRequest(stream, endsStream) {
        if (endsStream) stream.answer(prepareAnswer(head, Buffer.from('0')));
      },
      onData(stream, data, endsStream) {
        stream.consumed(data.length);
        if (endsStream) stream.answer(prepareAnswer(head, Buffer.from(`${stream.receivedBytes}`)));
      },
      onTrailers(stream) {
        stream.answer(prepareAnswer(head, Buffer.from(`${stream.receivedBytes}`)));
      },
      onWritable() {},
      onClose() {},
      onReadEnd() {},
    }),
    onFault: () => undefined,
    onBug: error => bugs.push(error),
    notHttp2: Buffer.alloc(0),
  });
  socket.arrive(input);
  socket.take();
  connection.destroy();
  const sent = Buffer.concat(socket.sent);
  socket.close();
  if (bugs.length > 0) throw bugs[0];
  return outcomeOf(sent);
}

/** On that of node:http2. A PING at the end of the input tells when it has read all of it. */
export async function playThere(input: Buffer): Promise<Outcome> {
  const server = createServer();
  const sent: Buffer[] = [];
  server.on('stream', (stream: ServerHttp2Stream) => {
    let length = 0;
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    stream.on('end', () => {
      if (stream.destroyed || stream.headersSent) return;
      stream.respond({ ':status': 200 });
      stream.end(String(length));
    });
  });
  server.on('sessionError', () => undefined);
  const over = Promise.withResolvers<void>();
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      sent.push(Buffer.from(chunk));
      done();
    },
    final: done => {
      over.resolve();
      done();
    },
    destroy: (error, done) => {
      over.resolve();
      done(error);
    },
  });
  socket.on('error', () => undefined);
  server.emit('connection', socket);
  socket.push(input);
  await Promise.race([over.promise, quiet(() => sent.length)]);
  socket.destroy();
  server.close();
  return outcomeOf(Buffer.concat(sent));
}

/** Resolves when nothing was written for many turns of the event loop. */
async function quiet(count: () => number): Promise<void> {
  let last = -1;
  for (let turns = 0; turns < 40; turns++) {
    if (count() !== last) turns = 0;
    last = count();
    await new Promise(setImmediate);
  }
}
