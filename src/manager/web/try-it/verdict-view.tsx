/** Shows a verdict: valid or refused, the outcome of each check, and the data of the token. */

import { Anchor, Code, Group, Text, Title } from '@mantine/core';
import {
  IconCheck,
  IconMinus,
  IconQuestionMark,
  IconShieldCheck,
  IconShieldX,
  IconX,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ReasonSchema, type VerifyResponse } from '../../../gen/usher/v1/verifier_pb.ts';
import { Chips } from '../ui/chips.tsx';
import { KindBadge } from '../ui/state-badge.tsx';
import { Exactly } from '../ui/when.tsx';
import type { Outcome, Step } from './verdict-steps.ts';

const icons: Record<Outcome, typeof IconCheck> = {
  passed: IconCheck,
  failed: IconX,
  unknown: IconQuestionMark,
  skipped: IconMinus,
};

const spoken: Record<Outcome, string> = {
  passed: 'passed',
  failed: 'failed',
  unknown: 'not reported',
  skipped: 'not reached',
};

/** The verdict and its steps; the data is missing when the access token is unknown. */
export function VerdictView({ verdict, steps }: { verdict: VerifyResponse; steps: Step[] }) {
  const Icon = verdict.valid ? IconShieldCheck : IconShieldX;
  return (
    <div className="card verdict" data-valid={verdict.valid}>
      <Group className="verdict-head" wrap="nowrap">
        <Icon size={36} stroke={1.6} aria-hidden />
        <div>
          <Title order={2} size="h3">
            {verdict.valid ? 'Valid' : 'Refused'}
          </Title>
          <Text size="sm">
            {verdict.valid
              ? 'It passed every check.'
              : `${ReasonSchema.value[verdict.reason]?.name}: ${verdict.message}.`}
            {` HTTP ${verdict.httpStatus}.`}
            {verdict.stale &&
              ' The store could not be reached; this verdict comes from a cached record.'}
          </Text>
        </div>
      </Group>
      <ol className="steps">
        {steps.map(step => {
          const StepIcon = icons[step.outcome];
          return (
            <li key={step.title} data-outcome={step.outcome}>
              <span className="step-mark">
                <StepIcon size={14} stroke={2.6} aria-hidden />
              </span>
              <div>
                <Text size="sm" fw={600}>
                  {step.title} <span className="sr-only">({spoken[step.outcome]})</span>
                </Text>
                <Text size="sm" c="dimmed">
                  {step.text}
                </Text>
              </div>
            </li>
          );
        })}
      </ol>
      {verdict.tokenId && <Known verdict={verdict} />}
    </div>
  );
}

function Known({ verdict }: { verdict: VerifyResponse }) {
  return (
    <div className="verdict-known">
      <dl className="facts">
        <div>
          <dt>Access token</dt>
          <dd>
            <Group gap={8}>
              <Anchor
                component={Link}
                href={`/tokens/${verdict.tokenId}`}
                size="sm"
                className="mono"
              >
                {verdict.tokenId}
              </Anchor>
              <KindBadge kind={verdict.kind} />
            </Group>
          </dd>
        </div>
        {verdict.owner && <Fact name="Owner" value={verdict.owner} />}
        {verdict.subject && <Fact name="Subject" value={verdict.subject} />}
        <div>
          <dt>Scopes</dt>
          <dd>
            <Chips words={verdict.scopes} none="none" />
          </dd>
        </div>
        <Fact name="Expires" value={sayExp(verdict.exp)} />
        <Fact name="May be cached for" value={sayTtl(verdict)} />
        <Fact name="Revision" value={String(verdict.revision)} />
      </dl>
      <JsonBlock title="Claims" value={verdict.claims} />
      <JsonBlock title="Metadata" value={verdict.metadata} />
    </div>
  );
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function JsonBlock({ title, value }: { title: string; value: object | undefined }) {
  if (!value) return null;
  return (
    <>
      <Text size="sm" fw={600} mt="md" mb={6}>
        {title}
      </Text>
      <Code block className="plain-code" tabIndex={0} role="region" aria-label={title}>
        {JSON.stringify(value, null, 2)}
      </Code>
    </>
  );
}

// The latest time that a Date can hold, in milliseconds since 1970; "exp" may be later.
const dateMsMax = 8.64e15;

function sayExp(exp: bigint): ReactNode {
  if (exp === 0n) return 'never';
  const timeMs = Number(exp) * 1000;
  return timeMs > dateMsMax ? `at ${exp} s after 1970` : <Exactly date={new Date(timeMs)} />;
}

function sayTtl({ cacheTtl }: VerifyResponse): string {
  const seconds = Number(cacheTtl?.seconds ?? 0n) + (cacheTtl?.nanos ?? 0) / 1e9;
  return seconds === 0 ? 'not at all' : `${seconds} s`;
}
