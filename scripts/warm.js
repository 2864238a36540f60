// Fills the compile cache, so that the first start of the server is as fast as later ones.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/usher', import.meta.url)));
await import('../src/server/serve.ts');
await import('../src/cli/program.ts');
