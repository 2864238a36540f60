/** A client for requests that no browser sends: doubled headers, odd targets, no Host. */

import { request } from 'node:http';

/** The request to send. Header pairs are sent unchanged. */
export interface Sent {
  headers?: readonly (readonly [name: string, value: string])[];
  path?: string;
  method?: string;
  /** The address of this machine from which it comes. */
  from?: string;
  /** Whether to leave out the Host header. */
  noHost?: boolean;
}

/** The answer. */
export interface Answer {
  status: number;
  body: string;
  /** By name in lower case; several are joined by a comma. */
  headers: Readonly<Record<string, string>>;
}

/** Sends a request on a new connection. */
export function send(port: number, sent: Sent = {}): Promise<Answer> {
  const { headers = [], path = '/orders?day=1', method = 'GET', noHost = false, from } = sent;
  const host: [string, string][] = noHost ? [] : [['Host', `127.0.0.1:${port}`]];
  const options = {
    host: '127.0.0.1',
    port,
    localAddress: from,
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
