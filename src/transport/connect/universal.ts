/** Converts requests and responses to those of connect, and back. */

import type { ContextValues } from '@connectrpc/connect';
import type { UniversalServerRequest, UniversalServerResponse } from '@connectrpc/connect/protocol';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { callerGone } from './error.ts';

/** A request for connect; its signal aborts when the caller is gone. */
export function universalRequest(
  { method = '', url = '', httpVersion, headers }: HttpRequest,
  res: HttpResponse,
  body: AsyncIterable<Uint8Array>,
  contextValues: ContextValues,
): UniversalServerRequest {
  const gone = new AbortController();
  res.once('close', () => gone.abort(callerGone()));
  const header = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) header.append(name, String(value));
  }
  // connect uses its path; HTTP/1.0 may leave the host out.
  const whole = new URL(url, `http://${headers.host ?? 'localhost'}`).toString();
  return { httpVersion, method, url: whole, header, body, signal: gone.signal, contextValues };
}

/** Sends connect's response, no faster than the caller reads it. */
export async function sendUniversal(
  { status, header = new Headers(), body }: UniversalServerResponse,
  res: HttpResponse,
): Promise<void> {
  const chunks = body?.[Symbol.asyncIterator]();
  let wake = () => {};
  const onChange = () => wake();
  res.on('drain', onChange);
  res.on('close', onChange);
  try {
    let next = await chunks?.next();
    res.writeHead(status, [...header].flat());
    for (; next !== undefined && !next.done && !res.destroyed; next = await chunks?.next()) {
      if (res.write(next.value) || res.destroyed) continue;
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
    res.end();
  } finally {
    await chunks?.return?.();
  }
}
