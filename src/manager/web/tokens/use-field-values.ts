/** Reads which owners, scopes or makers there are. */

import { useQuery } from '@connectrpc/connect-query';
import { AccessTokenService, type Field } from '../../../gen/usher/v1/access_token_pb.ts';

/** How soon it asks again while the server still reads its access tokens. */
const againMs = 400;
const staleMs = 60_000;

/** The values of a field that contain a text, most frequent first; none of them while they are not known. */
export function useFieldValues(
  field: Field,
  asked: { text?: string; pageSize: number },
  enabled = true,
) {
  const { data } = useQuery(
    AccessTokenService.method.listValues,
    { field, ...asked },
    {
      enabled,
      // Where there are too many access tokens, there is nothing to choose from.
      retry: false,
      staleTime: query => (query.state.data?.final === false ? 0 : staleMs),
      refetchInterval: query => (query.state.data?.final === false ? againMs : false),
    },
  );
  return { values: data?.values ?? [], isReading: data?.final === false };
}
