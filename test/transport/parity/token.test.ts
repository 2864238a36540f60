/** Every door comes to the same verdict for callers that show a token. */

import { describeParity } from './describe-parity.ts';

describeParity('LMDB', async () => ({ env: {}, stop: async () => undefined }), 'token');
