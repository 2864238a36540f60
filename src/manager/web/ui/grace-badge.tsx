/** A note for an access token that was rotated and whose previous secret is still valid. */

import type { AccessToken } from '../../../gen/usher/v1/access_token_pb.ts';
import { When } from './when.tsx';

/** The note; nothing for an access token without a grace. */
export function GraceBadge({ token }: { token: AccessToken }) {
  if (!token.previousSecretExpireTime) return null;
  return (
    <div className="grace">
      Grace ends <When time={token.previousSecretExpireTime} />
    </div>
  );
}
