/** Starts the web app with its theme, query client and transport. */

import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './css/base.css';
import './css/frame.css';
import './css/surfaces.css';
import './css/tokens-list.css';
import './css/access-token.css';
import './css/code.css';
import './css/audit.css';
import './css/leaks.css';
import './css/jobs.css';
import './css/verdict.css';
import { TransportProvider } from '@connectrpc/connect-query';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { setNonce } from 'get-nonce';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { createQueryClient } from './query-client.ts';
import { cssVariablesResolver, theme } from './theme.ts';
import { createTransport } from './transport.ts';
import { ErrorBoundary } from './ui/error-boundary.tsx';
import { guardHistory } from './ui/leave-guard.ts';
import { reloadAfterUpgrade } from './upgraded.ts';

const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';
// The scroll lock of dialogs writes its own style element, which needs the nonce too.
setNonce(nonce);

reloadAfterUpgrade();
guardHistory();
const queryClient = createQueryClient();
const transport = createTransport(queryClient);
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

createRoot(root).render(
  <MantineProvider
    theme={theme}
    cssVariablesResolver={cssVariablesResolver}
    defaultColorScheme="auto"
    getStyleNonce={() => nonce}
  >
    <Notifications position="bottom-right" />
    <QueryClientProvider client={queryClient}>
      <TransportProvider transport={transport}>
        <ErrorBoundary>
          <App />
        </ErrorBoundary>
      </TransportProvider>
    </QueryClientProvider>
  </MantineProvider>,
);
