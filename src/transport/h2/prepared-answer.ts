/** A whole response as bytes that differ from call to call in the stream's id alone. */

import { flags, frameBytesDefault, frameHeadBytes, frameTypes, writeHead } from './frame.ts';

/** A response of HEADERS, DATA and trailers. */
export interface PreparedAnswer {
  /** The frames, with 0 for the stream's id; undefined where one would be too long. */
  readonly frames: Buffer | undefined;
  /** Offset of the DATA frame in `frames`. */
  readonly dataAt: number;
  /** Offset of the trailers in `frames`. */
  readonly trailersAt: number;
  /** The block of the HEADERS frame. */
  readonly headers: Buffer;
  /** The content. */
  readonly data: Buffer;
  /** The block of the trailers. */
  readonly trailers: Buffer;
}

/** Prepares a response. Both blocks are of `encodeFields`. */
export function prepareAnswer(headers: Buffer, data: Buffer, trailers: Buffer): PreparedAnswer {
  const dataAt = frameHeadBytes + headers.length;
  const trailersAt = dataAt + frameHeadBytes + data.length;
  const longest = Math.max(headers.length, data.length, trailers.length);
  if (longest > frameBytesDefault || data.length === 0) {
    return { frames: undefined, dataAt, trailersAt, headers, data, trailers };
  }
  const frames = Buffer.allocUnsafeSlow(trailersAt + frameHeadBytes + trailers.length);
  const put = (at: number, type: number, flag: number, payload: Buffer) => {
    writeHead(frames, at, payload.length, type, flag, 0);
    frames.set(payload, at + frameHeadBytes);
    return frames.subarray(at + frameHeadBytes, at + frameHeadBytes + payload.length);
  };
  const { endHeaders, endStream } = flags;
  return {
    frames,
    dataAt,
    trailersAt,
    headers: put(0, frameTypes.headers, endHeaders, headers),
    // A part of the frames, so that the bytes are in memory once.
    data: put(dataAt, frameTypes.data, 0, data),
    trailers: put(trailersAt, frameTypes.headers, endHeaders | endStream, trailers),
  };
}
