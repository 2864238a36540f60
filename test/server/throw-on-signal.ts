/** Has a process do something to an error as libraries throw them, when it gets SIGUSR2. */

/** The value of NODE_OPTIONS; `statement` has the `error`. */
export function onSignal(statement: string): string {
  const code = `process.on('SIGUSR2', () => {
    const error = Object.assign(new Error('odd'), { command: { args: ['s3' + 'cret'] } });
    ${statement};
  });`;
  return `--import=data:text/javascript,${encodeURIComponent(code).replaceAll("'", '%27')}`;
}
