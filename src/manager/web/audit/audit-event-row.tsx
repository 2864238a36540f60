/** One event of the audit log, with its details and the fields that it changed. */

import { Anchor, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronRight } from '@tabler/icons-react';
import { useId } from 'react';
import { Link } from 'wouter';
import type { AuditEvent } from '../../../gen/usher/v1/access_token_pb.ts';
import { sayExact, When } from '../ui/when.tsx';
import { sayAction, toneOf } from './actions.ts';

/** The event as a row that opens to show details; `withToken` adds a link to the access token. */
export function AuditEventRow({ event, withToken }: { event: AuditEvent; withToken: boolean }) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const id = useId();
  return (
    <li>
      <UnstyledButton
        className="audit-row"
        onClick={toggle}
        aria-expanded={isOpen}
        aria-controls={id}
      >
        <IconChevronRight
          size={16}
          className="chevron"
          data-open={isOpen || undefined}
          aria-hidden
        />
        <span className="audit-what">
          <span className="dot" data-tone={toneOf(event.action)} aria-hidden="true" />
          <Text span fw={600} size="sm">
            {sayAction(event.action)}
          </Text>
          {event.detail && (
            <Text span size="sm" c="dimmed" truncate>
              {event.detail}
            </Text>
          )}
        </span>
        <Text span size="sm" c="dimmed" className="audit-who">
          {sayActor(event.actor)}
        </Text>
        <Text span size="sm" c="dimmed" className="audit-when">
          <When time={event.time} />
        </Text>
      </UnstyledButton>
      {isOpen && (
        <div className="audit-more" id={id}>
          <Facts event={event} withToken={withToken} />
          <Changes event={event} />
        </div>
      )}
    </li>
  );
}

function sayActor(actor: string): string {
  if (actor === '') return 'unknown';
  return actor === 'admin' ? 'admin' : actor.slice(0, 8);
}

function Facts({ event, withToken }: { event: AuditEvent; withToken: boolean }) {
  const facts: [string, string][] = [
    ['Action', event.action],
    ['Time', event.time ? sayExact(event.time) : ''],
    ['Actor', event.actor || 'unknown'],
    ['Address', event.peer],
    ['Detail', event.detail],
    ['Request id', event.requestId],
    ['Sequence number', String(event.sequence)],
    ['Hash', event.hash],
  ];
  return (
    <dl className="facts">
      {withToken && event.tokenId && (
        <div>
          <dt>Access token</dt>
          <dd>
            <Anchor component={Link} href={`/tokens/${event.tokenId}`} size="sm" className="mono">
              {event.tokenId}
            </Anchor>
          </dd>
        </div>
      )}
      {facts
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Changes({ event }: { event: AuditEvent }) {
  const names = [
    ...new Set([...Object.keys(event.before ?? {}), ...Object.keys(event.after ?? {})]),
  ];
  if (names.length === 0) return null;
  return (
    <table className="changes">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {names.map(name => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{say(event.before?.[name])}</td>
            <td>{say(event.after?.[name])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function say(value: unknown): string {
  if (value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
