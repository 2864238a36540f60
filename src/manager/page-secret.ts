/**
 * The page secret, which a session needs besides its cookie. Browsers send a cookie to every port
 * of the host; the page secret is in `localStorage`, which belongs to one origin, port included.
 */

/** The request header in which the web app sends the page secret. */
export const pageSecretHeader = 'x-usher-page-secret';
