/** An import by command into a server on the embedded store. */

import { describeChecks, describeImport } from '../import.ts';
import { lmdbPlace } from '../place.ts';

describeImport('LMDB', lmdbPlace);
describeChecks('LMDB', lmdbPlace);
