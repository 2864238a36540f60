/** The document's title, which screen readers announce for a new page. */

import { useEffect } from 'react';

/** Sets the document's title to `title`, with the product's name after it. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Usher`;
  }, [title]);
}
