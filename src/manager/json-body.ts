/** Reads the JSON bodies of the manager's own routes. */

import type { IncomingMessage } from 'node:http';
import { repeatedMember } from '../reading/repeated-member.ts';

/** A JSON body; undefined for any other body, one that is too large, or gives a member twice. */
export async function jsonBody(req: IncomingMessage, bytesMax: number): Promise<unknown> {
  const [type = ''] = (req.headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json') return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    const body: unknown = JSON.parse(text);
    return repeatedMember(text) === undefined ? body : undefined;
  } catch {
    return undefined;
  }
}
