/** Reads a form body (application/x-www-form-urlencoded) strictly and up to a size limit. */

import type { HttpRequest } from './message.ts';

/** The fields of a form by name; none is repeated. */
export type Form = ReadonlyMap<string, string>;

/** Reads the request's form; returns a description of the error if it is invalid. */
export async function readForm(req: HttpRequest, bytesMax: number): Promise<Form | string> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') {
    return 'the content type is not application/x-www-form-urlencoded';
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // A destroyed request could not be answered.
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      if (size > bytesMax) return 'the form is too long';
      chunks.push(chunk);
    }
  } catch {
    return 'the form was cut short';
  }
  return parseForm(Buffer.concat(chunks).toString('latin1'));
}

/** Rejects repeated fields and malformed bytes, which parsers interpret differently. */
function parseForm(text: string): Form | string {
  const form = new Map<string, string>();
  for (const pair of text === '' ? [] : text.split('&')) {
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = decode(equals === -1 ? '' : pair.slice(equals + 1));
    if (name === undefined || value === undefined) return 'the form is malformed';
    if (form.has(name)) return 'a parameter is repeated';
    form.set(name, value);
  }
  return form;
}

function decode(text: string): string | undefined {
  if (!/^[!-~]*$/.test(text)) return undefined;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
