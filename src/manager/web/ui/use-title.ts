/** The document's title, which is also what a screen reader says of a new page. */

import { useEffect } from 'react';

/** Sets the document's title while the component is shown. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Usher`;
  }, [title]);
}
