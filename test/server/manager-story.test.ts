/** The life of an access token in real Chromium, against a complete server. */

import { playStory } from '../manager/story.ts';
import { runServer } from './run-server.ts';

playStory('the story of an access token, on the whole server', async () => {
  const server = await runServer();
  const url = `http://${server.manager}`;
  return { url, loginLink: `${url}/login#${server.issueLoginCode()}`, close: server.stop };
});
