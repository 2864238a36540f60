/** A receiver of webhooks: a real HTTP server on loopback, whose answers tests choose. */

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook as Verifier } from 'standardwebhooks';

/** A request that it got. */
export interface Got {
  path: string;
  headers: Record<string, string>;
  body: string;
  event: { type: string; data: Record<string, never> & { accessToken?: { name: string } } };
}

/** A running receiver. */
export interface Receiver {
  /** Such as "http://127.0.0.1:4321". */
  url: string;
  got: Got[];
  /** What it answers, by path; absent for 204. A function may leave the request unanswered. */
  answers: Record<string, number | ((res: ServerResponse) => void)>;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startReceiver(): Promise<Receiver> {
  const got: Got[] = [];
  const answers: Receiver['answers'] = {};
  const server = createServer(async (req, res) => {
    const body = await text(req);
    const path = req.url ?? '';
    const headers = req.headers as Record<string, string>;
    got.push({ path, headers, body, event: JSON.parse(body) });
    const answer = answers[path] ?? 204;
    if (typeof answer === 'function') answer(res);
    else res.writeHead(answer).end(answer === 204 ? undefined : `answer ${answer}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    got,
    answers,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Throws unless the request is signed with the secret, now. */
export function verifiedNow(secret: string, { headers, body }: Got): unknown {
  return new Verifier(secret).verify(body, headers);
}
