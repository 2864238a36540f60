/** Makes screenshots small: a picture of the web app has few colours, so that a palette is enough. */

import { crc32, deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const coloursMax = 256;

interface Picture {
  width: number;
  height: number;
  /** Red, green and blue of each pixel. */
  pixels: Uint8Array;
}

/** The same picture as a PNG with a palette. Takes PNGs of 8 bits with or without alpha, as Chromium's. */
export function withPalette(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png);
  const palette = paletteOf(pixels);
  const nearest = nearestIn(palette);
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      const colour = rgb(pixels, at);
      rows[y * (width + 1) + 1 + x] = nearest(colour);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap(each => [each >> 16, (each >> 8) & 255, each & 255]));
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function decode(png: Buffer): Picture {
  const parts: Buffer[] = [];
  let [width, height, bytes] = [0, 0, 0];
  for (let at = signature.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const data = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') {
      width = data.readUInt32BE(0);
      height = data.readUInt32BE(4);
      bytes = data[9] === 6 ? 4 : 3;
    }
    if (type === 'IDAT') parts.push(data);
    at += length + 12;
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * bytes;
  const pixels = new Uint8Array(width * height * 3);
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1);
    const row = unfilter(
      raw[start] ?? 0,
      raw.subarray(start + 1, start + 1 + stride),
      above,
      bytes,
    );
    for (let x = 0; x < width; x++) {
      pixels.set(row.subarray(x * bytes, x * bytes + 3), (y * width + x) * 3);
    }
    above = row;
  }
  return { width, height, pixels };
}

/** Undoes the filter of a row (PNG, section 9.2). */
function unfilter(type: number, row: Buffer, above: Uint8Array, bytes: number) {
  const out = new Uint8Array(row.length);
  for (let n = 0; n < row.length; n++) {
    const left = n < bytes ? 0 : (out[n - bytes] ?? 0);
    const up = above[n] ?? 0;
    const corner = n < bytes ? 0 : (above[n - bytes] ?? 0);
    const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][type] ?? 0;
    out[n] = (row[n] ?? 0) + guess;
  }
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [a, b, c] = [left, up, corner].map(value => Math.abs(estimate - value)) as [
    number,
    number,
    number,
  ];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function rgb(pixels: Uint8Array, at: number): number {
  return ((pixels[at] ?? 0) << 16) | ((pixels[at + 1] ?? 0) << 8) | (pixels[at + 2] ?? 0);
}

/** The most frequent colours; of shades that hardly differ only the most frequent one. */
function paletteOf(pixels: Uint8Array): number[] {
  const counts = new Map<number, number>();
  for (let at = 0; at < pixels.length; at += 3) {
    const colour = rgb(pixels, at);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const bySize = [...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour);
  const taken = new Set<number>();
  const exact = 64;
  const chosen = bySize.slice(0, exact);
  for (const colour of bySize.slice(exact)) {
    const shade = colour & 0xf0f0f0;
    if (taken.has(shade)) continue;
    taken.add(shade);
    chosen.push(colour);
    if (chosen.length === coloursMax) break;
  }
  return chosen;
}

function nearestIn(palette: readonly number[]): (colour: number) => number {
  const known = new Map(palette.map((colour, n) => [colour, n]));
  return colour => {
    const exact = known.get(colour);
    if (exact !== undefined) return exact;
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (const [n, each] of palette.entries()) {
      const far = distance(colour, each);
      if (far < least) [best, least] = [n, far];
    }
    known.set(colour, best);
    return best;
  };
}

function distance(a: number, b: number): number {
  const red = (a >> 16) - (b >> 16);
  const green = ((a >> 8) & 255) - ((b >> 8) & 255);
  const blue = (a & 255) - (b & 255);
  return red * red + green * green + blue * blue;
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}
