/** All code to paste, for each kind of access token. */

import { Kind } from '../../../gen/usher/v1/access_token_pb.ts';
import type { Filling, Snippet } from './snippet.ts';
import { gatewaySnippets } from './snippets-gateway.ts';
import { jwtSnippets } from './snippets-jwt.ts';
import { staticSnippets } from './snippets-static.ts';

/** The snippets for a kind of access token, in the order of the tabs. */
export function snippetsFor(kind: Kind, filling: Filling): Snippet[] {
  const own = kind === Kind.JWT ? jwtSnippets(filling) : staticSnippets(filling);
  return [...own, ...gatewaySnippets(filling)];
}
