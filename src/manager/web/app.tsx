/** The web app: its pages and their paths. */

import { Center, Loader } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Redirect, Route, Router, Switch, useLocation } from 'wouter';
import { LoginLink } from './login-link.tsx';
import { SessionContext, useSession, useSessionQuery, useShownSession } from './session.ts';
import { Shell } from './shell.tsx';
import { SignIn } from './sign-in.tsx';
import { SignInAgain } from './sign-in-again.tsx';
import { TokensPage } from './tokens/tokens-page.tsx';
import { ErrorBoundary } from './ui/error-boundary.tsx';
import { ErrorPanel } from './ui/error-panel.tsx';
import { useGuardedLocation } from './ui/leave-guard.ts';
import { LeaveQuestion } from './ui/leave-question.tsx';
import { NotFound } from './ui/not-found.tsx';

const AccessTokenPage = lazy(() => import('./token/access-token-page.tsx'));
const NewTokenPage = lazy(() => import('./tokens/new-token-page.tsx'));
const TryItPage = lazy(() => import('./try-it/try-it-page.tsx'));
const IssueJwtPage = lazy(() => import('./issue-jwt/issue-jwt-page.tsx'));
const AuditPage = lazy(() => import('./audit/audit-page.tsx'));
const WhosePage = lazy(() => import('./whose/whose-page.tsx'));
const LeaksPage = lazy(() => import('./leaks/leaks-page.tsx'));
const PeoplePage = lazy(() => import('./people/people-page.tsx'));
const PersonPage = lazy(() => import('./people/person-page.tsx'));
const MySessionsPage = lazy(() => import('./people/my-sessions-page.tsx'));
const WebhooksPage = lazy(() => import('./webhooks/webhooks-page.tsx'));
const NewWebhookPage = lazy(() => import('./webhooks/new-webhook-page.tsx'));
const WebhookPage = lazy(() => import('./webhooks/webhook-page.tsx'));
const InvitePage = lazy(() => import('./invited/invite-page.tsx'));
const PasskeysPage = lazy(() => import('./invited/passkeys-page.tsx'));
const JobsPage = lazy(() => import('./jobs/jobs-page.tsx'));
const JobPage = lazy(() => import('./jobs/job-page.tsx'));
const StatusPage = lazy(() => import('./status-page.tsx'));

/** Opens a login link; otherwise shows the sign-in page without a session, and the pages with one. */
export function App() {
  return (
    <Router hook={useGuardedLocation}>
      <Page />
      <LeaveQuestion />
    </Router>
  );
}

function Page() {
  const [path] = useLocation();
  if (path === '/login') return <LoginLink />;
  if (path !== '/invite') return <WithSession />;
  return (
    <Suspense fallback={<Waiting />}>
      <InvitePage />
    </Suspense>
  );
}

function WithSession() {
  const session = useSessionQuery();
  const shown = useShownSession(session.data);
  const [path] = useLocation();
  if (session.isPending) return <Waiting />;
  if (session.isError && !shown) {
    return (
      <Center mih="100dvh" p="md">
        <ErrorPanel error={session.error} onRetry={() => void session.refetch()} />
      </Center>
    );
  }
  if (!shown) return <SignIn />;
  return (
    <SessionContext value={shown}>
      <Shell>
        <ErrorBoundary key={path}>
          <Suspense fallback={<Waiting />}>
            <Pages />
          </Suspense>
        </ErrorBoundary>
      </Shell>
      {!session.data && <SignInAgain />}
    </SessionContext>
  );
}

function Pages() {
  const { mayRead } = useSession();
  return (
    <Switch>
      <Route path="/">{mayRead ? <TokensPage /> : <Redirect to="/audit" replace />}</Route>
      <Route path="/tokens/new">
        <NewTokenPage />
      </Route>
      <Route path="/tokens/:id">{({ id }) => <AccessTokenPage key={id} id={id} />}</Route>
      <Route path="/try-it">
        <TryItPage />
      </Route>
      <Route path="/issue-jwt">
        <IssueJwtPage />
      </Route>
      <Route path="/audit">
        <AuditPage />
      </Route>
      <Route path="/whose">
        <WhosePage />
      </Route>
      <Route path="/leaks">
        <LeaksPage />
      </Route>
      <Route path="/people">
        <PeoplePage />
      </Route>
      <Route path="/people/:id">{({ id }) => <PersonPage key={id} id={id} />}</Route>
      <Route path="/sessions">
        <MySessionsPage />
      </Route>
      <Route path="/webhooks">
        <WebhooksPage />
      </Route>
      <Route path="/webhooks/new">
        <NewWebhookPage />
      </Route>
      <Route path="/webhooks/:id">{({ id }) => <WebhookPage key={id} id={id} />}</Route>
      <Route path="/passkeys">
        <PasskeysPage />
      </Route>
      <Route path="/jobs">
        <JobsPage />
      </Route>
      <Route path="/jobs/:id">{({ id }) => <JobPage key={id} id={id} />}</Route>
      <Route path="/status">
        <StatusPage />
      </Route>
      <Route path="/sign-in">
        <Redirect to="/" replace />
      </Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

function Waiting() {
  return (
    <Center mih="40vh">
      <Loader type="dots" role="status" aria-label="Loading" />
    </Center>
  );
}
