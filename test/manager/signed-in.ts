/** What a browser keeps of a sign-in's answer, and sends with each request of the page. */

import { pageSecretHeader } from '../../src/manager/page-secret.ts';
import { type Answer, ask } from './ask.ts';
import type { ManagerOnPort } from './manager-on-port.ts';

/** A session's two halves as request headers; neither opens anything alone. */
export type SignedIn = Record<'cookie' | typeof pageSecretHeader, string>;

/** The session in the answer to `POST /session`. */
export function sessionIn(answer: Answer): SignedIn {
  const { pageSecret } = JSON.parse(answer.text);
  return { cookie: cookieIn(answer), [pageSecretHeader]: pageSecret };
}

/** The session cookie in an answer; "" without one. */
export function cookieIn(answer: Answer): string {
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

/** Sends `POST /session` with this body, as the web app does. */
export function signInWith(
  { url }: ManagerOnPort,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return ask(`${url}/session`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}
