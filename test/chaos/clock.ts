/**
 * Loaded into Usher's process before Usher: each SIGUSR2 steps its wall clock an hour ahead, then an
 * hour back, then to the true time. The monotonic clock is not touched.
 */

const hourMs = 3_600_000;
const steps = [hourMs, -hourMs, 0];
const trueNow = Date.now;
let offsetMs = 0;

Date.now = () => trueNow() + offsetMs;
process.on('SIGUSR2', () => {
  offsetMs = steps[(steps.indexOf(offsetMs) + 1) % steps.length] ?? 0;
});
