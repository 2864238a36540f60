#!/usr/bin/env node
/** The entry point of the server and the command line. */

import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// The compile cache halves the start time and saves a fifth of the memory. It is inside the
// installation, since write access to it allows changing the code that runs.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/usher', import.meta.url)));

await import('./command.ts');
