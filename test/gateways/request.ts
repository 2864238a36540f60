/** A client that sends what a browser would not: doubled headers, other targets, no Host. */

import { request } from 'node:http';

/** What to send. Header pairs go out as they are. */
export interface Sent {
  headers?: readonly (readonly [name: string, value: string])[];
  path?: string;
  method?: string;
  /** Whether to leave out the Host header. */
  noHost?: boolean;
}

/** What came back. */
export interface Answer {
  status: number;
  body: string;
  /** By name in lower case; several are joined by a comma. */
  headers: Readonly<Record<string, string>>;
}

/** One request on a connection of its own. */
export function send(port: number, sent: Sent = {}): Promise<Answer> {
  const { headers = [], path = '/orders?day=1', method = 'GET', noHost = false } = sent;
  const host: [string, string][] = noHost ? [] : [['Host', `127.0.0.1:${port}`]];
  const options = {
    host: '127.0.0.1',
    port,
    path,
    method,
    headers: [...host, ...headers, ['Connection', 'close'] as const].flat(),
    setHost: false,
    agent: false,
    joinDuplicateHeaders: true,
    insecureHTTPParser: false,
  };
  return new Promise((resolve, reject) => {
    const req = request(options, res => {
      const chunks: Buffer[] = [];
      res.on('data', chunk => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () =>
        resolve({
          status: res.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          headers: res.headers as Record<string, string>,
        }),
      );
    });
    req.on('error', reject);
    req.end();
  });
}
