/** The "try it" page: it verifies a header and explains the verdict. */

import { useMutation } from '@connectrpc/connect-query';
import { Grid } from '@mantine/core';
import { IconTestPipe } from '@tabler/icons-react';
import { VerifierService } from '../../../gen/usher/v1/verifier_pb.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { QuestionForm } from './question-form.tsx';
import { VerdictView } from './verdict-view.tsx';

/** The page: the form on one side, the verdict on the other. */
export default function TryItPage() {
  const verify = useMutation(VerifierService.method.verify);
  return (
    <>
      <PageHeader
        title="Try it"
        text="Verify a token as a service would, and see the result of each check."
      />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <QuestionForm isBusy={verify.isPending} onAsk={verify.mutate} onClear={verify.reset} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <div role="status" aria-live="polite">
            {verify.isError && <ErrorPanel error={verify.error} />}
            {verify.data && <VerdictView verdict={verify.data} />}
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
