/** People who were invited, in plain requests to a real server. */

import { InvitationService } from '../../src/gen/usher/v1/invitations_pb.ts';
import { clientOf } from '../server/api.ts';
import type { TestServer } from '../server/run-server.ts';

/** A browser that keeps its cookies and its page secret, at a server's page. */
export interface Visitor {
  /** Posts JSON as the page does; the answer with its status. */
  post(path: string, body: object, at?: TestServer): Promise<{ status: number; body: Answer }>;
  /** Signs in by what `/session` takes. */
  signIn(offered: object, at?: TestServer): Promise<{ status: number; body: Answer }>;
  /** "name (scopes)" of the session; "" without one. */
  whoAmI(at?: TestServer): Promise<string>;
  /** All cookies, for a copy. */
  cookies: Map<string, string>;
}

/** A JSON answer. */
export type Answer = Record<string, unknown> & { error?: string };

/** Opens a browser. */
export function visit(server: TestServer): Visitor {
  const cookies = new Map<string, string>();
  let pageSecret = '';
  const send = async (path: string, method: string, at: TestServer, body?: object) => {
    const response = await fetch(`http://${at.manager}${path}`, {
      method,
      headers: {
        cookie: [...cookies].map(pair => pair.join('=')).join('; '),
        ...{ origin: `http://${at.manager}`, 'content-type': 'application/json' },
        ...(pageSecret === '' ? {} : { 'x-usher-page-secret': pageSecret }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    for (const header of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (header.split(';')[0] ?? '').split(/=(.*)/s);
      cookies.set(name, value);
    }
    return { status: response.status, body: (await response.json()) as Answer };
  };
  return {
    cookies,
    post: (path, body, at = server) => send(path, 'POST', at, body),
    async signIn(offered, at = server) {
      const answer = await send('/session', 'POST', at, offered);
      if (answer.status === 200) pageSecret = String(answer.body.pageSecret);
      return answer;
    },
    async whoAmI(at = server) {
      const { status, body } = await send('/session', 'GET', at);
      return status === 200 ? `${body.name} (${String(body.scopes)})` : '';
    },
  };
}

/** The API of invitations, with the admin token or another credential. */
export const invitationsAt = ({ manager, adminToken }: TestServer, credential = adminToken) =>
  clientOf(InvitationService, manager, credential);

/** The code behind the "#" of a link. */
export const codeIn = (url: string): string => url.split('#')[1] ?? '';
