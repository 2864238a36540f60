/** The master key changes, on the embedded store. */

import { testMasterKey } from '../master-key.ts';
import { lmdbPlace } from '../place.ts';

testMasterKey('LMDB', lmdbPlace);
