/** The "try it" page: it verifies a header and explains the verdict. */

import { useMutation } from '@connectrpc/connect-query';
import { Grid } from '@mantine/core';
import { IconTestPipe } from '@tabler/icons-react';
import { AccessTokenService } from '../../../gen/usher/v1/access_token_pb.ts';
import {
  ReasonSchema,
  VerifierService,
  type VerifyResponse,
} from '../../../gen/usher/v1/verifier_pb.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { type Question, QuestionForm } from './question-form.tsx';
import { explainedSteps, stepsOf } from './verdict-steps.ts';
import { VerdictView } from './verdict-view.tsx';

/** The page: the form on one side, the verdict on the other. */
export default function TryItPage() {
  const verify = useMutation(VerifierService.method.verify);
  const explain = useMutation(AccessTokenService.method.explain);
  const ask = (question: Question) => {
    explain.mutate(question);
    verify.mutate(question);
  };
  const clear = () => {
    explain.reset();
    verify.reset();
  };
  /** A session that may only read gets no explanation, and the token can change between both calls. */
  const stepsFor = ({ reason, valid }: VerifyResponse) => {
    const name = valid ? '' : ReasonSchema.value[reason]?.name;
    const { data } = explain;
    return data && data.reason === name ? explainedSteps(data) : stepsOf(reason);
  };
  const verdict = explain.isPending ? undefined : verify.data;
  return (
    <>
      <PageHeader
        title="Try it"
        text="Verify a token as a service would, and see the result of each check."
      />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <QuestionForm
            isBusy={verify.isPending || explain.isPending}
            onAsk={ask}
            onClear={clear}
          />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <div role="status" aria-live="polite">
            {verify.isError && <ErrorPanel error={verify.error} />}
            {verdict && <VerdictView verdict={verdict} steps={stepsFor(verdict)} />}
            {!verify.data && !verify.isError && (
              <div className="card">
                <EmptyState
                  icon={IconTestPipe}
                  title="No verdict yet"
                  text="Paste a header and press Verify."
                />
              </div>
            )}
          </div>
        </Grid.Col>
      </Grid>
    </>
  );
}
