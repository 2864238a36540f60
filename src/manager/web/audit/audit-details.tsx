/** The details of an event: each fact, the change in full, and the entry as JSON. */

import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Anchor, Button, Group } from '@mantine/core';
import { Link } from 'wouter';
import type { AuditEvent } from '../../../gen/usher/v1/access_token_pb.ts';
import { entryOf } from '../../../wording/audit-entry.ts';
import type { Told } from '../../../wording/audit-sentence.ts';
import { changesOf, fieldsOf } from '../../../wording/changes.ts';
import { CopyIcon } from '../ui/copy.tsx';
import { sayExact } from '../ui/when.tsx';
import { IsItThisOne } from './is-it-this-one.tsx';
import { type RowShared, sayTime } from './row-shared.ts';

/** The details. */
export function AuditDetails(props: { event: AuditEvent; told: Told; shared: RowShared }) {
  const { event, told, shared } = props;
  const { onActor } = shared;
  const link = `${window.location.origin}/audit?event=${event.sequence}`;
  return (
    <div className="audit-more">
      <Facts event={event} told={told} />
      <Changes event={event} />
      {event.action === 'jwt.revoke' && <IsItThisOne sequence={event.sequence} />}
      <Group gap="xs" mt="md">
        <Anchor component={Link} href={`/audit?event=${event.sequence}`} size="sm">
          Entry {String(event.sequence)} in the log
        </Anchor>
        <CopyIcon value={link} what="a link to this entry" />
        {onActor && (
          <Button
            variant="default"
            size="compact-sm"
            onClick={() => onActor(event.actor || 'unknown')}
          >
            Only what {told.who} did
          </Button>
        )}
      </Group>
      <details className="audit-json">
        <summary>As JSON, with its hash</summary>
        <pre>{JSON.stringify(entryOf(event), null, 2)}</pre>
      </details>
    </div>
  );
}

function Facts({ event, told }: { event: AuditEvent; told: Told }) {
  const { time } = event;
  const facts: [string, string][] = [
    ['Action', event.action],
    ['Time', time ? sayExact(time) : ''],
    ['Time in UTC', time ? `${timestampDate(time).toISOString().replace('T', ' ')}` : ''],
    ['Who', told.whoNow === '' ? told.who : `${told.who}, now ${told.whoNow}`],
    ['Id of the actor', event.actor || 'unknown'],
    ['Address', event.peer],
    ['Detail', event.detail],
    ['Request id', event.requestId],
  ];
  return (
    <dl className="facts">
      {facts
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      {event.tokenId && (
        <div>
          <dt>Access token</dt>
          <dd>
            <Anchor component={Link} href={`/tokens/${event.tokenId}`} size="sm" className="mono">
              {event.tokenId}
            </Anchor>
          </dd>
        </div>
      )}
    </dl>
  );
}

/** The fields that people set, in words and in full. */
function Changes({ event: { action, before, after } }: { event: AuditEvent }) {
  const isNew = action === 'token.create' || action === 'token.import';
  const changes = isNew ? fieldsOf(after, sayTime) : changesOf(before, after, sayTime);
  if (changes.length === 0) return null;
  return (
    <table className="changes">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">{isNew ? 'Value' : 'Change'}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ field, words }) => (
          <tr key={field}>
            <th scope="row">{field}</th>
            <td>{words}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
