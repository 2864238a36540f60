/** Asks to sign in again, above the pages of a session that has ended. */

import { SignIn } from './sign-in.tsx';

/**
 * The sign-in page in a modal dialog, which covers the window and makes everything below it inert,
 * dialogs included. The pages below stay as they are, so that what was typed there is not lost.
 */
export function SignInAgain() {
  return (
    <dialog
      ref={show}
      className="sign-in-again"
      aria-label="Sign in again"
      tabIndex={-1}
      // Escape would close the dialog, which must stay, and Mantine's dialogs below it.
      onClose={event => show(event.currentTarget)}
      onFocus={event => event.target.setAttribute('data-mantine-stop-propagation', 'true')}
    >
      <SignIn again />
    </dialog>
  );
}

function show(dialog: HTMLDialogElement | null): void {
  dialog?.showModal();
  dialog?.querySelector('input')?.focus();
}
