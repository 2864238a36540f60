/**
 * The standard error of the server, which never keeps the server waiting: lines that are not taken at once
 * wait in memory up to a limit; those beyond it are dropped and counted.
 */

import { writeSync } from 'node:fs';

/** Writes whole lines without waiting for who reads them. */
export interface LogOutput {
  /** Writes a line, or several that belong together, with their end. */
  write(lines: string): void;
  /** Sets the most bytes that wait. Until then there is no limit. */
  limit(bytesMax: number): void;
  /** How many lines were dropped. */
  dropped(): number;
  /** Writes what still waits before the process exits, for as long as someone reads it. */
  end(): void;
}

/** What an output needs. */
export interface LogOutputDeps {
  /** Takes bytes and returns how many; throws EAGAIN if it takes none now. */
  take(bytes: Buffer): number;
  /** Calls a function after some milliseconds; does not keep the process alive. */
  later(run: () => void, ms: number): void;
  /** Stops this thread for some milliseconds. */
  sleep(ms: number): void;
  /** `performance.now` */
  monotonicMs(): number;
}

/** Pause before the next attempt, in milliseconds: a full pipe of 64 KiB then lets 6 MB pass in a second. */
const retryMs = 10;

/** An exit waits as long for a reader that takes nothing, in milliseconds … */
const idleMsMax = 500;
/** … and as long in all, in milliseconds. */
const endMsMax = 2000;

const newLine = 0x0a;

/** Creates it. */
export function createLogOutput(deps: LogOutputDeps): LogOutput {
  const { take, later, sleep, monotonicMs } = deps;
  let bytesMax = Number.POSITIVE_INFINITY;
  /** What is being written, and what comes after it. */
  let head = Buffer.alloc(0);
  let tail = '';
  let tailBytes = 0;
  /** Of these: the lines, and how many lines their notes report as dropped. */
  let lines = 0;
  let reported = 0;
  /** Whether the last thing that was taken is a part of a line. */
  let isCut = false;
  let retries = false;
  let dropped = 0;
  let unreported = 0;

  const waitingBytes = () => head.length + tailBytes;
  const push = (text: string) => {
    tail += text;
    tailBytes += Buffer.byteLength(text);
  };
  const drop = (count: number) => {
    dropped += count;
    unreported += count;
  };
  /** A line that reports what was dropped; "" if nothing was since the last one. */
  const note = () => {
    if (unreported === 0) return '';
    const time = new Date().toISOString();
    const message = 'lines of the log were dropped: the standard error did not take them in time';
    const line = { level: 'warn', time, pid: process.pid, dropped: unreported, message };
    return `${JSON.stringify(line)}\n`;
  };
  const noted = () => {
    reported += unreported;
    unreported = 0;
  };
  const clear = () => {
    head = Buffer.alloc(0);
    tail = '';
    tailBytes = 0;
    lines = 0;
    reported = 0;
  };

  const flush = () => {
    try {
      for (;;) {
        if (head.length === 0) {
          if (tail === '') {
            clear();
            if (unreported === 0) return;
            push(note());
            noted();
          }
          head = Buffer.from(tail);
          tail = '';
          tailBytes = 0;
        }
        const taken = take(head);
        isCut = taken < head.length && head[taken - 1] !== newLine;
        head = head.subarray(taken);
      }
    } catch (error) {
      if (isFull(error)) {
        retry();
        return;
      }
      // The reader is gone, or the disk is full. The next line may find another state.
      drop(lines);
      unreported += reported;
      clear();
    }
  };
  const retry = () => {
    if (retries) return;
    retries = true;
    later(() => {
      retries = false;
      flush();
    }, retryMs);
  };

  return {
    write(text) {
      const whole = `${note()}${text}`;
      const waiting = waitingBytes();
      if (waiting > 0 && waiting + Buffer.byteLength(whole) > bytesMax) {
        drop(1);
        return;
      }
      push(waiting === 0 && isCut ? `\n${whole}` : whole);
      noted();
      lines++;
      if (!retries) flush();
    },
    limit(most) {
      bytesMax = most;
    },
    dropped: () => dropped,
    end() {
      const startMs = monotonicMs();
      let lastMs = startMs;
      let left = waitingBytes();
      for (;;) {
        flush();
        const waiting = waitingBytes();
        if (waiting === 0) return;
        const nowMs = monotonicMs();
        if (waiting < left) lastMs = nowMs;
        left = waiting;
        if (nowMs - lastMs >= idleMsMax || nowMs - startMs >= endMsMax) return;
        sleep(retryMs);
      }
    },
  };
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

/**
 * Has writes to a pipe, socket or terminal not wait for its reader. Files have no such mode. Node opens
 * pipes and sockets like this, but not terminals, and has no other function for it.
 */
export function setNonBlocking(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?(on: boolean): void } };
  handle?.setBlocking?.(false);
}

const asleep = new Int32Array(new SharedArrayBuffer(4));

/** The standard error of this process, where it is a server. */
export const logOutput = createLogOutput({
  take(bytes) {
    // Each time, since processes that share a pipe share its mode, and starting one that inherits it resets it.
    setNonBlocking(process.stderr);
    return writeSync(2, bytes);
  },
  later: (run, ms) => void setTimeout(run, ms).unref(),
  sleep: ms => void Atomics.wait(asleep, 0, 0, ms),
  monotonicMs: () => performance.now(),
});

process.once('exit', logOutput.end);
