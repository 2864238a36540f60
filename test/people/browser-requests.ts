/** A browser in plain requests: it keeps cookies and follows redirects, and does nothing else. */

/** A browser. */
export interface PlainBrowser {
  /** By "name", of every host: all of a test are on loopback. */
  cookies: Map<string, string>;
  /** Opens an address as a person does, and follows redirects; the answer and address at the end. */
  open(url: string, until?: (url: string) => boolean): Promise<{ response: Response; url: string }>;
  /** Sends a request as the page of the API Manager does. */
  send(url: string, method: string, body?: object, pageSecret?: string): Promise<Response>;
}

/** Creates one without cookies. */
export function createBrowser(): PlainBrowser {
  const cookies = new Map<string, string>();
  const keep = (response: Response) => {
    for (const header of response.headers.getSetCookie()) {
      const [pair = ''] = header.split(';');
      const equals = pair.indexOf('=');
      const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
      if (value === '' || /max-age=0\b|expires=thu, 01 jan 1970/i.test(header))
        cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
  const cookie = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return {
    cookies,
    async open(url, until = () => false) {
      let at = url;
      for (let hop = 0; hop < 20; hop++) {
        const response = keep(
          await fetch(at, { headers: { cookie: cookie() }, redirect: 'manual' }),
        );
        const location = response.headers.get('location');
        if (location === null) return { response, url: at };
        at = new URL(location, at).href;
        if (until(at)) return { response, url: at };
      }
      throw new Error('too many redirects');
    },
    async send(url, method, body, pageSecret) {
      return keep(
        await fetch(url, {
          method,
          headers: {
            ...{
              cookie: cookie(),
              origin: new URL(url).origin,
              'content-type': 'application/json',
            },
            ...(pageSecret !== undefined && { 'x-usher-page-secret': pageSecret }),
          },
          ...(body && { body: JSON.stringify(body) }),
        }),
      );
    },
  };
}
