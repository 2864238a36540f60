/** The kinds of access token, as TypeScript names them. */

import { Kind as KindCode } from '../gen/usher/v1/access_token_pb.ts';

/** What an access token is: a static API token, or a key that signs JWTs. */
export type Kind = 'static' | 'jwt';

/** Reads a kind from the wire. */
export function kindOf(code: KindCode): Kind {
  return code === KindCode.JWT ? 'jwt' : 'static';
}
