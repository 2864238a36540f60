/** What the server finds wrong with a field of an access token, shown at the field. */

import { ConnectError } from '@connectrpc/connect';
import { useEffect } from 'react';
import { BadRequestSchema } from '../../../gen/google/rpc/error_details_pb.ts';
import type { TokenForm } from './token-form.ts';

/** The input of each field of the API. */
const inputs: Record<string, keyof TokenForm> = {
  name: 'name',
  owner: 'owner',
  scopes: 'scopes',
  grantable_scopes: 'grantableScopes',
  metadata: 'metadata',
  audiences: 'audiences',
  jwt_lifetime_max: 'lifetimeSeconds',
  expire_time: 'expireAt',
  allowed_sources: 'allowedSources',
  'rate_limit.requests': 'rateRequests',
  'rate_limit.window': 'rateWindow',
  'rate_limit.per': 'ratePer',
  'quota.requests': 'quotaRequests',
  'quota.period': 'quotaPeriod',
  'quota.per': 'quotaPer',
};

/** Sets the errors of a form when the server refused its values. */
export function useServerErrors(
  form: { setErrors(errors: Partial<Record<keyof TokenForm, string>>): void },
  error: Error | null,
): void {
  const { setErrors } = form;
  useEffect(() => {
    if (error !== null) setErrors(errorsIn(error));
  }, [error, setErrors]);
}

function errorsIn(error: Error): Partial<Record<keyof TokenForm, string>> {
  const [detail] = ConnectError.from(error).findDetails(BadRequestSchema);
  const entries = detail?.fieldViolations.flatMap(({ field, description }) => {
    const input = inputs[field.replace(/^access_token\./, '')];
    return input === undefined ? [] : [[input, `The server: ${description}.`]];
  });
  return Object.fromEntries(entries ?? []);
}
