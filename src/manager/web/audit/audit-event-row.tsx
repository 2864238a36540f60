/** One event of the audit log: a sentence, and its details when they are asked for. */

import { ActionIcon, Anchor, Text, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown } from '@tabler/icons-react';
import { useEffect, useId, useRef } from 'react';
import { Link } from 'wouter';
import type { AuditEvent } from '../../../gen/usher/v1/access_token_pb.ts';
import { actionOf } from '../../../wording/actions.ts';
import { type Part, type Told, tell } from '../../../wording/audit-sentence.ts';
import { When } from '../ui/when.tsx';
import { AuditDetails } from './audit-details.tsx';
import { type RowShared, sayTime } from './row-shared.ts';

const valueLengthMax = 100;

/** The event as a row. One that a link led to is open, and scrolled into view. */
export function AuditEventRow(props: {
  event: AuditEvent;
  shared: RowShared;
  isLinked: boolean;
  isMarked: boolean;
}) {
  const { event, shared, isLinked } = props;
  const [isOpen, { toggle }] = useDisclosure(isLinked);
  const id = useId();
  const row = useRef<HTMLLIElement>(null);
  const { title, tone } = actionOf(event.action);
  const told = tell(event, { names: shared.names, sayTime });
  useEffect(() => {
    if (!isLinked) return;
    row.current?.scrollIntoView({ block: 'center' });
    row.current?.focus({ preventScroll: true });
  }, [isLinked]);
  return (
    <li
      ref={row}
      tabIndex={-1}
      className="audit-event"
      data-linked={isLinked || undefined}
      data-marked={props.isMarked || undefined}
    >
      <div className="audit-row">
        <span className="audit-avatar" data-tone={tone} aria-hidden="true">
          {initialOf(event, told)}
        </span>
        <div className="audit-what">
          <Text size="sm" className="audit-sentence">
            <Actor event={event} told={told} onActor={shared.onActor} />{' '}
            {keyed(told.parts).map(([key, part]) => (
              <SentencePart key={key} part={part} />
            ))}
          </Text>
          <Text size="xs" c="dimmed" className="audit-title">
            <span className="dot" data-tone={tone} aria-hidden="true" />
            {title}
            {event.peer && ` · from ${event.peer}`}
          </Text>
        </div>
        <Text span size="sm" c="dimmed" className="audit-when">
          <When time={event.time} />
        </Text>
        <Tooltip label={isOpen ? 'Less' : 'Details'}>
          <ActionIcon
            variant="subtle"
            color="gray"
            onClick={toggle}
            aria-expanded={isOpen}
            aria-controls={id}
            aria-label={`${title}: details of entry ${event.sequence}`}
          >
            <IconChevronDown
              size={18}
              className="chevron"
              data-open={isOpen || undefined}
              aria-hidden
            />
          </ActionIcon>
        </Tooltip>
      </div>
      <div id={id} hidden={!isOpen}>
        {isOpen && <AuditDetails event={event} told={told} shared={shared} />}
      </div>
    </li>
  );
}

function initialOf({ actor }: AuditEvent, { who }: Told): string {
  if (actor === '') return '?';
  return [...who][0]?.toUpperCase() ?? '?';
}

function Actor(props: {
  event: AuditEvent;
  told: Told;
  onActor: ((actor: string) => void) | undefined;
}) {
  const { event, told, onActor } = props;
  const now = told.whoNow === '' ? '' : ` (now ${told.whoNow})`;
  if (onActor === undefined) {
    return (
      <Text span fw={600} inherit>
        {told.who}
        {now}
      </Text>
    );
  }
  return (
    <>
      <Anchor
        component="button"
        type="button"
        inherit
        fw={600}
        className="audit-actor"
        title={`Only what ${told.who} did`}
        onClick={() => onActor(event.actor || 'unknown')}
      >
        {told.who}
      </Anchor>
      {now}
    </>
  );
}

/** The parts of a sentence, each with its place in it. */
function keyed(parts: readonly Part[]): [place: string, part: Part][] {
  return parts.map((part, place) => [String(place), part]);
}

function SentencePart({ part }: { part: Part }) {
  if (part.kind === 'text') return <>{part.text}</>;
  if (part.kind === 'token') {
    return (
      <Anchor component={Link} href={`/tokens/${part.id}`} inherit fw={600} title={part.id}>
        {cut(part.text)}
      </Anchor>
    );
  }
  return <strong className="audit-value">{cut(part.text)}</strong>;
}

/** A text of bounded length; the details show it in full. */
function cut(text: string): string {
  return text.length <= valueLengthMax ? text : `${text.slice(0, valueLengthMax)}…`;
}
