/** Who made an access token, by name, where there may be hundreds of rows. */

import { useQuery } from '@connectrpc/connect-query';
import { AccessTokenService, Field } from '../../../gen/usher/v1/access_token_pb.ts';
import { Cut } from '../ui/cut.tsx';

const namesMax = 200;
const staleMs = 60_000;

/** The name of the actor. One question for all rows asks for the names of those who made most. */
export function Maker({ actor }: { actor: string }) {
  const { data } = useQuery(
    AccessTokenService.method.listValues,
    { field: Field.CREATED_BY, pageSize: namesMax },
    { staleTime: staleMs, retry: false },
  );
  if (actor === '') return <span className="quiet">not known</span>;
  const name = data?.values.find(({ value }) => value === actor)?.label;
  return <Cut text={name || actor} fits={18} />;
}
