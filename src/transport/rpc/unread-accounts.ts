/**
 * Counts the unread answers of connections as they are written. A call that comes while its
 * connection, or the process, has too many unread bytes waits, so that it makes no answer yet.
 */

/** The unread answers of one connection. */
export interface UnreadAccount {
  /** Counts the bytes of an answer that was written. */
  hold(bytes: number): void;
  /** Subtracts them once the answer was read or given up. */
  free(bytes: number): void;
  /** Whether a call may be answered now. */
  hasRoom(): boolean;
  /** Calls `run` later, when there is room. */
  wait(run: () => void): void;
}

/** The accounts of a process. */
interface Accounts {
  /** Opens an account for a connection. */
  open(): UnreadAccount;
  /** What all accounts hold, in bytes. */
  bytes(): number;
  /** Whether they hold as much as they may together. */
  isFull(): boolean;
  /** Sets how many bytes of garbage take room that unread answers could have. */
  setGarbage(bytes: number): void;
}

/** Accounts that hold at most so many bytes each and together, and one answer more. */
export function createAccounts(accountBytesMax: number, bytesMax: number): Accounts {
  let sum = 0;
  let garbage = 0;
  /** Calls that wait, by account. */
  const waiting = new Map<UnreadAccount, (() => void)[]>();
  let isScheduled = false;

  const schedule = () => {
    if (isScheduled || waiting.size === 0) return;
    isScheduled = true;
    setImmediate(runWaiting);
  };

  /** One call of each account in turn. Their answers are counted before the next are called. */
  const runWaiting = () => {
    isScheduled = false;
    let hasRun = false;
    for (const [account, calls] of waiting) {
      if (!account.hasRoom()) continue;
      const run = calls.shift();
      if (calls.length === 0) waiting.delete(account);
      run?.();
      hasRun = true;
    }
    if (hasRun) schedule();
  };

  const open = (): UnreadAccount => {
    let held = 0;
    const account: UnreadAccount = {
      hold(bytes) {
        held += bytes;
        sum += bytes;
      },
      free(bytes) {
        held -= bytes;
        sum -= bytes;
        schedule();
      },
      hasRoom: () => held < accountBytesMax && sum + garbage < bytesMax,
      wait(run) {
        const calls = waiting.get(account);
        if (calls === undefined) waiting.set(account, [run]);
        else calls.push(run);
      },
    };
    return account;
  };
  return {
    open,
    bytes: () => sum,
    isFull: () => sum >= bytesMax,
    setGarbage(bytes) {
      garbage = bytes;
      schedule();
    },
  };
}
