/** What a port for TLS answers to a client that speaks plain text. */

/** The first byte of a TLS handshake (RFC 8446 section 5.1). */
const handshake = 0x16;

/** Whether a connection begins as TLS does. */
export function beginsTls(chunk: Buffer): boolean {
  return chunk[0] === handshake;
}

const text = 'this port speaks TLS: use https';

function http1Answer(): Buffer {
  const body = JSON.stringify({ error: text });
  return Buffer.from(
    'HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n' +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** SETTINGS, then GOAWAY with INADEQUATE_SECURITY and the text for humans (RFC 9113 section 6.8). */
function http2Answer(): Buffer {
  const settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
  const goAway = [0, 0, 8 + text.length, 7, 0, 0, 0, 0, 0];
  const lastStreamAndCode = [0, 0, 0, 0, 0, 0, 0, 0xc];
  return Buffer.from([...settings, ...goAway, ...lastStreamAndCode, ...Buffer.from(text)]);
}

/** What a client gets that begins with `chunk`; undefined if it speaks neither version of HTTP. */
export function plainTextAnswer(chunk: Buffer): Buffer | undefined {
  const start = chunk.toString('latin1', 0, 16);
  if (start.startsWith('PRI * HTTP/2')) return http2Answer();
  return /^[A-Z]+ /.test(start) ? http1Answer() : undefined;
}
