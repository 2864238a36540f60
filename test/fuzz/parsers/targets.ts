/** The parsers of what strangers send, apart from HTTP/2 and gRPC. */

import type { Target } from '../target.ts';
import { addressTarget } from './address-target.ts';
import { authorizationTarget } from './authorization-target.ts';
import { backupTarget } from './backup-target.ts';
import { browserTarget } from './browser-target.ts';
import { importTarget } from './import-target.ts';
import { jsonTarget } from './json-target.ts';
import { oauthTarget } from './oauth-target.ts';
import { pageTokenTarget } from './page-token-target.ts';
import { protobufTarget } from './protobuf-target.ts';
import { requirementsTarget } from './requirements-target.ts';

/** All targets. */
export const targets: readonly Target[] = [
  authorizationTarget,
  jsonTarget,
  protobufTarget,
  addressTarget,
  oauthTarget,
  browserTarget,
  requirementsTarget,
  pageTokenTarget,
  backupTarget,
  importTarget,
];
