/** Checks that what a server sent is valid HTTP/2, and within the windows of its peer. */

import assert from 'node:assert/strict';
import { errorCodes, flags, frameTypes } from '../../../src/transport/h2/frame.ts';
import { FrameReader } from '../../../src/transport/h2/frame-reader.ts';
import { HpackDecoder } from '../../../src/transport/h2/hpack/decoder.ts';
import { type InputFrame, windowsOf } from './sent-frames.ts';

/** What a server sent on a stream. */
export interface AnsweredStream {
  /** Fields of its blocks, in their order: head and trailers, or one of both. */
  blocks: (readonly (readonly [name: string, value: string])[])[];
  content: Buffer[];
  contentBytes: number;
  hasEnded: boolean;
  /** The code of its reset. */
  reset: number | undefined;
}

/** What a server sent. */
export interface Answered {
  streams: Map<number, AnsweredStream>;
  /** Codes of the GOAWAY frames. */
  goAways: number[];
  contentBytes: number;
}

const frameBytesMax = 16_384;
const knownCodes = new Set<number>(Object.values(errorCodes));
const limits = { headerListBytesMax: 1e6, headerFieldsMax: 1e4 };
const blockFrames: ReadonlySet<number> = new Set([frameTypes.headers, frameTypes.continuation]);

/** What the server sent to these frames; throws where it breaks a rule. */
export function checkAnswer(sent: Buffer, frames: readonly InputFrame[]): Answered {
  const windows = windowsOf(frames);
  const opened = new Set(frames.filter(({ type }) => type === 1).map(({ id }) => id));
  const known = new Set(frames.map(({ id }) => id));
  const streams = new Map<number, AnsweredStream>();
  const goAways: number[] = [];
  const decoder = new HpackDecoder(limits);
  let block: Buffer[] = [];
  let blockId = 0;
  let blockEnds = false;
  let contentBytes = 0;
  let count = 0;
  let pongs = 0;
  let lastNamed = 2 ** 31;

  const streamOf = (id: number): AnsweredStream => {
    const stream = streams.get(id) ?? {
      blocks: [],
      content: [],
      contentBytes: 0,
      hasEnded: false,
      reset: undefined,
    };
    streams.set(id, stream);
    return stream;
  };
  const openStream = (id: number): AnsweredStream => {
    assert(opened.has(id), `an answer on stream ${id}, which nobody opened`);
    const stream = streamOf(id);
    assert(!stream.hasEnded && stream.reset === undefined, 'a frame on a stream that has ended');
    return stream;
  };
  const endBlock = () => {
    const bytes = Buffer.concat(block);
    block = [];
    const fields = decoder.decode(bytes, 0, bytes.length);
    assert(fields !== undefined, 'a list beyond all limits');
    const stream = openStream(blockId);
    assert(stream.blocks.length < 2, 'a third block');
    const names = fields.map(({ name }) => name);
    if (stream.blocks.length === 0) assert.equal(names.indexOf(':status'), 0, 'no status first');
    else assert(blockEnds && !names.some(name => name.startsWith(':')), 'trailers as they are not');
    stream.blocks.push(fields.map(({ name, value }) => [name, value] as const));
    if (blockEnds) stream.hasEnded = true;
  };

  const reader = new FrameReader(frameBytesMax, (type, flag, id, bytes, at, end) => {
    assert(!goAways.some(code => code !== 0), 'a frame after GOAWAY with an error');
    const isFirst = count++ === 0;
    assert.equal(isFirst, type === frameTypes.settings && (flag & flags.ack) === 0, 'SETTINGS');
    assert(block.length === 0 || type === frameTypes.continuation, 'a frame inside of a block');
    const length = end - at;
    if (blockFrames.has(type)) {
      assert.equal(type === frameTypes.continuation, block.length > 0, 'a block that goes on');
      if (type === frameTypes.headers) [blockId, blockEnds] = [id, (flag & flags.endStream) !== 0];
      assert.equal(id, blockId, 'a block of two streams');
      block.push(Buffer.from(bytes.subarray(at, end)));
      if ((flag & flags.endHeaders) !== 0) endBlock();
      return;
    }
    switch (type) {
      case frameTypes.data: {
        const stream = openStream(id);
        assert.equal(stream.blocks.length, 1, 'content not between head and trailers');
        contentBytes += length;
        stream.contentBytes += length;
        stream.content.push(Buffer.from(bytes.subarray(at, end)));
        assert(contentBytes <= windows.connection, 'content beyond the window of the connection');
        const most = windows.stream + (windows.added.get(id) ?? 0);
        assert(stream.contentBytes <= most, 'content beyond the window of the stream');
        if ((flag & flags.endStream) !== 0) stream.hasEnded = true;
        return;
      }
      case frameTypes.rstStream: {
        assert.equal(length, 4);
        assert(known.has(id) && id !== 0, 'a reset of a stream that nobody named');
        const code = bytes.readUInt32BE(at);
        assert(knownCodes.has(code), `a reset with code ${code}`);
        const stream = streamOf(id);
        stream.reset ??= code;
        return;
      }
      case frameTypes.settings:
        assert.equal(id, 0);
        if ((flag & flags.ack) !== 0) assert.equal(length, 0);
        return;
      case frameTypes.ping:
        assert(id === 0 && length === 8);
        if ((flag & flags.ack) !== 0) assert(++pongs <= windows.pings, 'answers to no PING');
        return;
      case frameTypes.goaway: {
        assert(id === 0 && length >= 8);
        const code = bytes.readUInt32BE(at + 4);
        assert(knownCodes.has(code), `GOAWAY with code ${code}`);
        const named = bytes.readUInt32BE(at);
        assert(named <= lastNamed, 'GOAWAY with a larger last stream than before');
        lastNamed = named;
        goAways.push(code);
        return;
      }
      case frameTypes.windowUpdate: {
        const increment = bytes.readUInt32BE(at);
        assert(length === 4 && increment > 0 && increment < 2 ** 31, 'a window update of nothing');
        if (id !== 0) assert.equal(streamOf(id).reset, undefined, 'a window of a stream reset');
        return;
      }
      default:
        assert.fail(`a frame of type ${type}`);
    }
  });
  reader.read(sent);
  return { streams, goAways, contentBytes };
}
