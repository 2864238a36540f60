/** Every door comes to the same verdict on the embedded store. */

import { describeParity } from './describe-parity.ts';

describeParity('LMDB', async () => ({ env: {}, stop: async () => undefined }));
