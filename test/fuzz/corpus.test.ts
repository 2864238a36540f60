/** Every input of the corpus, findings of the past among them. */

import { describe, expect, test } from 'vitest';
import { readCorpus } from './corpus.ts';
import { suites } from './suites.ts';

for (const [suite, { load }] of Object.entries(suites)) {
  describe(suite, async () => {
    test.each([...(await load())])('$name', async target => {
      const corpus = readCorpus(suite, target.name);
      expect(corpus.length).toBeGreaterThan(0);
      for (const { path, input } of corpus) {
        await Promise.resolve(target.play(input)).catch(error => {
          throw new Error(path, { cause: error });
        });
      }
    });
  });
}
