/** An invitation, as its document has it. */

import type { StoredDocument } from '../store/documents.ts';
import type { JsonObject } from '../store/record.ts';
import { type Granted, isRole } from './roles.ts';

/** An invitation. Times are milliseconds since 1970. */
export interface Invitation extends Granted {
  /** The SHA-256 of its code, base64url. */
  id: string;
  /** Of the document. */
  revision: number;
  /** The person who comes in by it. */
  personId: string;
  /** Whether the person was there before: the link only lets them in again. */
  isForKnown: boolean;
  name: string;
  createdAt: number;
  /** The actor that made it. */
  createdBy: string;
  /** Their name by then. */
  createdByName: string;
  expiresAt: number;
  /** Absent for one that was not used. */
  usedAt?: number;
  /** All that the document holds. */
  body: JsonObject;
}

/** Reads the document of an invitation. */
export function invitationOf({ id, revision, body }: StoredDocument): Invitation {
  const { personId, isForKnown, name, role, owners, createdBy, createdByName, usedAt } = body;
  const text = String(role);
  return {
    ...{ id, revision, body, personId: String(personId), name: String(name) },
    isForKnown: isForKnown === true,
    // A later version may have other roles: they give nothing here.
    role: isRole(text) ? text : 'viewer',
    ...(Array.isArray(owners) && { owners: owners.map(String) }),
    ...(isRole(text) ? {} : { owners: [] }),
    createdAt: Number(body.createdAt),
    ...{ createdBy: String(createdBy), createdByName: String(createdByName) },
    expiresAt: Number(body.expiresAt),
    ...(typeof usedAt === 'number' && { usedAt }),
  };
}
