/** Notices that the server was upgraded, so that files of the page that is open are gone. */

const storageKey = 'usher-reloaded-at';
/** A file that is gone again this soon will not come by reloading. */
const pauseMs = 10_000;

/** Reloads the page, once, when a part of it cannot be loaded: its new files have other names. */
export function reloadAfterUpgrade(): void {
  // https://vite.dev/guide/build#load-error-handling
  window.addEventListener('vite:preloadError', event => {
    if (Date.now() - Number(sessionStorage.getItem(storageKey)) < pauseMs) return;
    sessionStorage.setItem(storageKey, String(Date.now()));
    // The error would show the error boundary until the new page is there.
    event.preventDefault();
    window.location.reload();
  });
}
