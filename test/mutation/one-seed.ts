/** Gives properties the same values in each run, so that a score depends on code and tests alone. */

import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1 });
