/** A badge for an access token that was rotated and whose previous secret is still valid. */

import type { AccessToken } from '../../../gen/usher/v1/access_token_pb.ts';
import { When } from './when.tsx';

/** The badge; nothing for an access token without a grace. */
export function GraceBadge({ token }: { token: AccessToken }) {
  if (!token.previousSecretExpireTime) return null;
  return (
    <span className="state" data-tone="warn">
      <span>
        Previous valid, ends <When time={token.previousSecretExpireTime} />
      </span>
    </span>
  );
}
