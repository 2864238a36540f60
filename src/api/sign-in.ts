/** Calls the API that makes sign-in links. */

import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Admin } from './connect.ts';
import { call } from './connect.ts';

/** The code of a sign-in link. */
export interface SignInCode {
  code: string;
  /** In milliseconds since 1970. */
  expiresAt: number;
}

/** Makes a code that signs in once, as the holder of the admin token. Throws AdminError. */
export async function createSignInCode({ signIn }: Admin): Promise<SignInCode> {
  const { code, expireTime } = await call(() => signIn.createSignInCode({}));
  return { code, expiresAt: expireTime === undefined ? 0 : timestampMs(expireTime) };
}
