/** The address from which a token was used, before the server would reject it. */

/**
 * The address, without the blanks around it; "" for what is no IPv4 or IPv6 address, since a client may have
 * chosen it: to Usher it is then not known.
 */
export function sourceIn(text: string): string {
  const address = text.trim();
  if (address.length > charactersMax) return '';
  if (fourDecimals.test(address)) return address;
  // The URL parser knows all forms of IPv6 (RFC 4291 section 2.2), on every platform, and no zones.
  return sixCharacters.test(address) && URL.canParse(`http://[${address}]`) ? address : '';
}

/** The longest form of an IPv6 address. */
const charactersMax = 45;
const fourDecimals = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const sixCharacters = /^[0-9a-f:.]+$/i;
