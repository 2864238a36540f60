/** Recognises credentials among what people paste, so that none gets into an address or a search. */

/** A static token of Usher, or enough of one to name its access token; any prefix. */
const ownToken = /[a-z0-9]_[0-9A-Za-z]{22}_/;
/** A secret key: `usk_`, or another prefix that ends with "k". */
const secretKey = /k_[0-9A-Za-z_-]{20}/;
/** A JWT, or what one begins with: the base64url of `{"`. */
const jwt = /eyJ[\w-]{8,}/;
/** The scheme of a header that was copied whole. */
const scheme = /^\s*(?:authorization:|bearer\s)/i;
const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/**
 * Whether a text looks like a token, a secret key, a JWT or a part of one. A UUID does not: the ids of
 * access tokens are no secret. In doubt it does, since a search can be repeated and a leak cannot be undone.
 */
export function looksLikeCredential(text: string): boolean {
  if (ownToken.test(text) || secretKey.test(text) || jwt.test(text) || scheme.test(text))
    return true;
  const rest = text.replace(uuid, ' ');
  return rest.trim().length > 128 || rest.split(/\s+/).some(isRandom);
}

/** Whether a word has as much of each kind of character as random ones have, and names do not. */
function isRandom(word: string): boolean {
  const hasAll = /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word);
  if (hasAll && /[0-9A-Za-z+/_=-]{32}/.test(word)) return true;
  return /[0-9a-z]{24}/i.test(word) && /\d/.test(word) && /[a-z]/i.test(word);
}
