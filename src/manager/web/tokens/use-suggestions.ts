/** Suggests values that other access tokens have, so that no two spellings of one arise. */

import { useQuery } from '@connectrpc/connect-query';
import { AccessTokenService, type Field } from '../../../gen/usher/v1/access_token_pb.ts';

const suggestionsMax = 200;
const staleMs = 60_000;

/** The values of a field, most frequent first; none while they are not known. */
export function useSuggestions(field: Field): string[] {
  const { data } = useQuery(
    AccessTokenService.method.listValues,
    { field, pageSize: suggestionsMax },
    { staleTime: staleMs },
  );
  return data?.values.map(({ value }) => value).filter(value => value !== '') ?? [];
}
