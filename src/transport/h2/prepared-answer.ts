/** A whole response as bytes that differ from call to call in the stream's id alone. */

import { flags, frameBytesDefault, frameHeadBytes, frameTypes, writeHead } from './frame.ts';

/** A response of HEADERS and DATA, and perhaps trailers. */
export interface PreparedAnswer {
  /** The frames, with 0 for the stream's id; undefined where they are too long, or there is no content. */
  readonly frames: Buffer | undefined;
  /** Offset of the DATA frame in `frames`. */
  readonly dataAt: number;
  /** Offset of the trailers in `frames`; 0 without. */
  readonly trailersAt: number;
  /** The block of the HEADERS frame. */
  readonly headers: Buffer;
  /** The content. */
  readonly data: Buffer;
  /** The block of the trailers. */
  readonly trailers: Buffer | undefined;
}

/** Prepares a response. Both blocks are of `encodeFields`. */
export function prepareAnswer(headers: Buffer, data: Buffer, trailers?: Buffer): PreparedAnswer {
  const dataAt = frameHeadBytes + headers.length;
  const dataEnd = dataAt + frameHeadBytes + data.length;
  const trailersAt = trailers === undefined ? 0 : dataEnd;
  const length = trailers === undefined ? dataEnd : dataEnd + frameHeadBytes + trailers.length;
  // Together, since an output has not room for three frames of the longest.
  if (length > frameBytesDefault || data.length === 0) {
    return { frames: undefined, dataAt, trailersAt, headers, data, trailers };
  }
  const frames = Buffer.allocUnsafeSlow(length);
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
    data: put(dataAt, frameTypes.data, trailers === undefined ? endStream : 0, data),
    trailers: trailers && put(trailersAt, frameTypes.headers, endHeaders | endStream, trailers),
  };
}
