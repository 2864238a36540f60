/** SETTINGS (RFC 9113 section 6.5). */

import {
  ConnectionError,
  errorCodes,
  frameBytesDefault,
  frameHeadBytes,
  frameSizeError,
  frameTypes,
  protocolError,
  readUint32,
  writeHead,
  writeUint32,
} from './frame.ts';
import { tableBytesDefault } from './hpack/decoder.ts';
import type { H2Limits } from './limits.ts';
import { windowBytesDefault, windowBytesMax } from './window.ts';

/** Identifiers (RFC 9113 section 6.5.2; the last of RFC 9218 section 2.1). */
const ids = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  noRfc7540Priorities: 9,
} as const;

const settingBytes = 6;
const frameBytesLimit = 2 ** 24 - 1;

/** What a peer announced, as far as it matters to a server that sends no longer frames than it must. */
export interface PeerSettings {
  /** The window of a new stream, in bytes. */
  initialWindowBytes: number;
  /** Its smallest dynamic table so far, in bytes. */
  tableBytesMin: number;
}

/** The settings of a peer that announced none. */
export function defaultSettings(): PeerSettings {
  return { initialWindowBytes: windowBytesDefault, tableBytesMin: tableBytesDefault };
}

/** Applies the payload of a SETTINGS frame in its order. Throws ConnectionError. */
export function applySettings(peer: PeerSettings, bytes: Buffer, at: number, end: number): void {
  if ((end - at) % settingBytes !== 0) throw frameSizeError('SETTINGS of a wrong length');
  for (let next = at; next < end; next += settingBytes) {
    const id = ((bytes[next] as number) << 8) | (bytes[next + 1] as number);
    applySetting(peer, id, readUint32(bytes, next + 2));
  }
}

function applySetting(peer: PeerSettings, id: number, value: number): void {
  switch (id) {
    case ids.headerTableSize:
      peer.tableBytesMin = Math.min(peer.tableBytesMin, value);
      break;
    case ids.enablePush:
    case ids.noRfc7540Priorities:
      if (value > 1) throw protocolError('a setting is neither 0 nor 1');
      break;
    case ids.initialWindowSize:
      if (value > windowBytesMax) {
        throw new ConnectionError(
          errorCodes.flowControlError,
          'flow-control',
          'too large a window',
        );
      }
      peer.initialWindowBytes = value;
      break;
    case ids.maxFrameSize:
      if (value < frameBytesDefault || value > frameBytesLimit) {
        throw protocolError('MAX_FRAME_SIZE is out of range');
      }
      break;
  }
}

/** This server's own SETTINGS frame, with what differs from the defaults. */
export function ownSettings(limits: H2Limits): Buffer {
  const settings: [id: number, value: number][] = [
    [ids.maxConcurrentStreams, limits.streamsMax],
    [ids.initialWindowSize, limits.streamWindowBytes],
    [ids.maxHeaderListSize, limits.headerListBytesMax],
    [ids.noRfc7540Priorities, 1],
  ];
  const payload = settings.length * settingBytes;
  const bytes = Buffer.alloc(frameHeadBytes + payload);
  writeHead(bytes, 0, payload, frameTypes.settings, 0, 0);
  settings.forEach(([id, value], n) => {
    const at = frameHeadBytes + n * settingBytes;
    bytes.writeUInt16BE(id, at);
    writeUint32(bytes, at + 2, value);
  });
  return bytes;
}
