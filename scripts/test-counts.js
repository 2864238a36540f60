// Prints how many tests passed and failed, from the JSON report of vitest; fails when any failed or
// none ran. Plain JavaScript, since it runs on the Node of the machine.

import { readFileSync } from 'node:fs';

const report = readReport(process.argv[2]);
const brokenFiles = report.testResults.filter(
  file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
);
const passed = report.numPassedTests;
// A file that could not be loaded has no test that failed: it counts as one.
const failed = report.numFailedTests + brokenFiles.length;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  }
}
