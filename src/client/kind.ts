/** The kinds of access token. */

import { Kind as KindCode } from '../gen/usher/v1/access_token_pb.ts';

/** 'static' for an API token, 'jwt' for a key that signs JWTs. */
export type Kind = 'static' | 'jwt';

/** Converts the enum of the contract. */
export function kindOf(code: KindCode): Kind {
  return code === KindCode.JWT ? 'jwt' : 'static';
}
