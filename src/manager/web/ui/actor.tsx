/** Who did something, by name where it has one. */

import { useQuery } from '@connectrpc/connect-query';
import { Anchor } from '@mantine/core';
import { Link } from 'wouter';
import { AccessTokenService } from '../../../gen/usher/v1/access_token_pb.ts';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const staleMs = 60_000;

/** The actor of an audit event or a record: the admin token, an access token, a person, or Usher. */
export function Actor({ actor }: { actor: string }) {
  if (uuid.test(actor)) return <TokenActor id={actor} />;
  if (actor === '') return <>not known</>;
  return <>{actor === 'admin' ? 'Admin token' : actor.replace(/^person:/, 'Person ')}</>;
}

function TokenActor({ id }: { id: string }) {
  const { data } = useQuery(
    AccessTokenService.method.get,
    { id },
    { staleTime: staleMs, retry: false },
  );
  return (
    <Anchor component={Link} href={`/tokens/${id}`} size="sm" title={id}>
      {data?.accessToken?.name ?? id.slice(0, 13)}
    </Anchor>
  );
}
