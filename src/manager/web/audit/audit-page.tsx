/** The page of the audit log. */

import { Button, Group, TextInput } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { useSearchParams } from 'wouter';
import { useSession } from '../session.ts';
import { looksSecret } from '../tokens/filters.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { AuditList } from './audit-list.tsx';

/** Every change and every refused call, for all access tokens or for one. */
export default function AuditPage() {
  const [search, setSearch] = useSearchParams();
  const tokenId = search.get('token') ?? '';
  const { owners } = useSession();
  const [typed, setTyped] = useState(tokenId);
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(typed.trim());
  const isWrong = typed.trim() !== '' && !isUuid;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (isWrong) return;
    setSearch(typed.trim() ? { token: typed.trim().toLowerCase() } : {}, { replace: true });
  }

  return (
    <>
      <PageHeader
        title="Audit log"
        text="Every change and every refused call. Each event holds the hash of the previous event."
      />
      <form onSubmit={submit} noValidate>
        <Group mb="md" align="flex-start" gap="sm">
          <TextInput
            className="search wide"
            aria-label="Only events of the access token with this UUID"
            placeholder="Only events of the access token with this UUID"
            value={typed}
            onChange={event =>
              setTyped(looksSecret(event.currentTarget.value) ? '' : event.currentTarget.value)
            }
            error={isWrong && 'This is not a complete UUID.'}
          />
          <Button type="submit" variant="default">
            Show
          </Button>
        </Group>
      </form>
      {owners && tokenId === '' ? (
        <EmptyState
          icon={IconHistory}
          title="Which access token?"
          text={`You see only those of ${owners.join(', ')}. Enter the UUID of one, or open it in the list.`}
        />
      ) : (
        <AuditList key={tokenId} tokenId={tokenId} />
      )}
    </>
  );
}
