/** Bounds and cleans what a report says about a place, so that no credential is kept with it. */

const urlCharactersMax = 1024;
const sourceCharactersMax = 64;

/** What looks like a token, a secret key or a JWT, of any prefix. */
const credentials =
  /[a-z][a-z0-9_]*_[0-9A-Za-z]{22}_[0-9A-Za-z]*|[a-z0-9]k_[\w-]{20,}|eyJ[\w-]{8,}(?:\.[\w-]*)*/g;
const removed = 'REMOVED';

/** The address of a finding; "" for one that is no http or https address. `found` is the credential. */
export function cleanUrl(text: string, found: string): string {
  if (text.length > 4 * urlCharactersMax || !URL.canParse(text)) return '';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return '';
  url.username = '';
  url.password = '';
  return withoutCredentials(url.href, found).slice(0, urlCharactersMax);
}

/** The kind of place; its unusual characters are left out. */
export function cleanSource(text: string, found: string): string {
  const bare = withoutCredentials(text.slice(0, 4 * sourceCharactersMax), found);
  return bare.replace(/[^\w .:/-]/g, '').slice(0, sourceCharactersMax);
}

function withoutCredentials(text: string, found: string): string {
  const spellings = [found, encodeURIComponent(found.toWellFormed())].filter(each => each !== '');
  const bare = spellings.reduce((rest, each) => rest.replaceAll(each, removed), text);
  return bare.replace(credentials, removed);
}
