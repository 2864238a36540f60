/** Code to paste: which there is, for each kind of access token. */

import { Kind } from '../../../gen/usher/v1/access_token_pb.ts';
import { gatewaySnippets } from './snippets-gateway.ts';
import { jwtSnippets } from './snippets-jwt.ts';
import { staticSnippets } from './snippets-static.ts';

/** What the code is filled in with. */
export interface Filling {
  /** UUID of the access token. */
  id: string;
  /** The token or secret, while it is shown. */
  secret?: string | undefined;
  http: string;
  grpc: string;
}

/** A piece of code. */
export interface Snippet {
  id: string;
  title: string;
  language: 'bash' | 'go' | 'javascript' | 'nginx' | 'python' | 'ruby' | 'yaml';
  /** A few words above it. */
  note: string;
  code: string;
}

/** All of them, in the order of the tabs. */
export function snippetsFor(kind: Kind, filling: Filling): Snippet[] {
  const own = kind === Kind.JWT ? jwtSnippets(filling) : staticSnippets(filling);
  return [...own, ...gatewaySnippets(filling)];
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
