/** The list that the bell opens. */

import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { type Notice, Notice_Kind } from '../../../gen/usher/v1/notices_pb.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { When } from '../ui/when.tsx';
import '../css/notices.css';

const kinds: Record<Notice_Kind, string> = {
  [Notice_Kind.UNSPECIFIED]: 'Notice',
  [Notice_Kind.EXPIRING]: 'Expires soon',
  [Notice_Kind.LEAKED]: 'Leaked',
  [Notice_Kind.LIMIT_REACHED]: 'Limit reached',
  [Notice_Kind.WEBHOOK]: 'Webhook',
  [Notice_Kind.STORE]: 'Store',
  [Notice_Kind.SERVER]: 'Server',
  [Notice_Kind.JOB]: 'Job',
};

/** The notices, each with a link; new ones are marked. */
export default function NoticeList(props: {
  notices: readonly Notice[];
  more: boolean;
  error: Error | null;
  seen: ReadonlySet<string>;
  onSeen: (ids: readonly string[]) => void;
  onGo: () => void;
}) {
  const { notices, seen, onSeen, onGo } = props;
  const fresh = notices.filter(({ id }) => !seen.has(id));
  return (
    <Stack gap="sm">
      <Group justify="space-between" wrap="nowrap">
        <Text fw={650}>Notices</Text>
        {fresh.length > 0 && (
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => onSeen(fresh.map(({ id }) => id))}
          >
            Mark all as seen
          </Button>
        )}
      </Group>
      {props.error && <ErrorPanel error={props.error} />}
      {notices.length === 0 && !props.error && (
        <Text size="sm" c="dimmed" tabIndex={0}>
          Nothing needs your attention.
        </Text>
      )}
      {notices.length > 0 && (
        <ul className="notice-list">
          {notices.map(notice => (
            <li key={notice.id} data-new={!seen.has(notice.id) || undefined}>
              <span className="dot" data-tone={notice.urgent ? 'bad' : 'warn'} aria-hidden="true" />
              <div>
                <Text size="xs" c="dimmed">
                  {kinds[notice.kind]}
                  {!seen.has(notice.id) && ', new'}
                  {notice.time && (
                    <>
                      , <When time={notice.time} />
                    </>
                  )}
                </Text>
                <Anchor
                  component={Link}
                  href={notice.path}
                  size="sm"
                  onClick={() => {
                    onSeen([notice.id]);
                    onGo();
                  }}
                >
                  {notice.text}
                </Anchor>
              </div>
            </li>
          ))}
        </ul>
      )}
      {props.more && (
        <Text size="xs" c="dimmed">
          There are more.
        </Text>
      )}
    </Stack>
  );
}
