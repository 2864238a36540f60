/** The details of an access token, as a list of names and values. */

import { Button, Group } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { type AccessToken, Kind, State } from '../../../gen/usher/v1/access_token_pb.ts';
import { useSession } from '../session.ts';
import { sayQuota, sayRate } from '../tokens/limit-form.ts';
import { Actor } from '../ui/actor.tsx';
import { Chips } from '../ui/chips.tsx';
import { sayDuration } from '../ui/duration-input.tsx';
import { When } from '../ui/when.tsx';
import { EndGraceDialog } from './end-grace-dialog.tsx';

/** All of its fields. */
export function Details({ token }: { token: AccessToken }) {
  const isJwt = token.kind === Kind.JWT;
  return (
    <dl className="details">
      {token.state === State.REVOKED && (
        <>
          <Detail name="Revoked" value={<When time={token.revokeTime} />} />
          <Detail name="Reason" value={token.revokeReason || 'none given'} />
        </>
      )}
      <Detail name="Owner" value={token.owner || 'none'} />
      <Detail name="Scopes" value={<Chips words={token.scopes} none="none" />} />
      {token.grantableScopes.length > 0 && (
        <Detail name="Scopes it may give" value={<Chips words={token.grantableScopes} none="" />} />
      )}
      {isJwt && (
        <>
          <Detail name="Audiences" value={<Chips words={token.audiences} none="any" />} />
          <Detail
            name="Longest JWT lifetime"
            value={
              token.jwtLifetimeMax ? sayDuration(Number(token.jwtLifetimeMax.seconds)) : 'no limit'
            }
          />
        </>
      )}
      <Detail name="Allowed addresses" value={<Chips words={token.allowedSources} none="any" />} />
      <Detail name="Rate limit" value={token.rateLimit ? sayRate(token.rateLimit) : 'none'} />
      <Detail name="Quota" value={token.quota ? sayQuota(token.quota) : 'none'} />
      <Detail name="Expires" value={<When time={token.expireTime} />} />
      <Detail
        name={isJwt ? 'Secret key created' : 'Token created'}
        value={<When time={token.rotateTime} />}
      />
      <Grace token={token} />
      <Detail name="Created" value={<When time={token.createTime} />} />
      <Detail name="Made by" value={<Actor actor={token.createdBy} name={token.createdByName} />} />
      <Detail name="Updated" value={<When time={token.updateTime} />} />
      <Detail
        name="Updated by"
        value={<Actor actor={token.changedBy} name={token.changedByName} />}
      />
      {isJwt && <RevokedJwts token={token} />}
      {token.imported && <Detail name="Imported" value={token.imported} />}
      <Detail name="Revision" value={String(token.revision)} />
    </dl>
  );
}

/** When the grace of the last rotation ends, with a button that ends it now. */
function Grace({ token }: { token: AccessToken }) {
  const { mayChange } = useSession();
  const [isAsked, setAsked] = useState(false);
  if (!token.previousSecretExpireTime) return null;
  const word = token.kind === Kind.JWT ? 'secret key' : 'token';
  return (
    <>
      <Detail
        name={`Previous ${word} expires`}
        value={
          <Group gap="sm">
            <When time={token.previousSecretExpireTime} />
            {mayChange && token.state !== State.REVOKED && (
              <Button size="compact-xs" variant="default" onClick={() => setAsked(true)}>
                End it now
              </Button>
            )}
          </Group>
        }
      />
      {isAsked && <EndGraceDialog token={token} onClose={() => setAsked(false)} />}
    </>
  );
}

function RevokedJwts({ token }: { token: AccessToken }) {
  return (
    <>
      <Detail
        name="JWTs revoked by jti or subject"
        value={token.revokedJwts.toLocaleString('en')}
      />
      {token.jwtsRevokedBeforeTime && (
        <Detail
          name="JWTs revoked if issued before"
          value={<When time={token.jwtsRevokedBeforeTime} />}
        />
      )}
    </>
  );
}

function Detail({ name, value }: { name: string; value: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
