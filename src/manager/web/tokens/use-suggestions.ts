/** Suggests values that other access tokens have, so that no two spellings of one arise. */

import type { Field } from '../../../gen/usher/v1/access_token_pb.ts';
import { useFieldValues } from './use-field-values.ts';

const suggestionsMax = 200;

/** The values of a field, most frequent first; none while they are not known. */
export function useSuggestions(field: Field): string[] {
  const { values } = useFieldValues(field, { pageSize: suggestionsMax });
  return values.map(({ value }) => value).filter(value => value !== '');
}
