// Prints how many tests passed and failed, from the JSON reports of vitest. Exits with 1 when a
// test failed or a report has no passed test. JavaScript, since the machine's own Node runs it.

import { readFileSync } from 'node:fs';

const counts = process.argv.slice(2).map(path => countsOf(readReport(path)));
const passed = counts.reduce((sum, each) => sum + each.passed, 0);
const failed = counts.reduce((sum, each) => sum + each.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && counts.every(each => each.passed > 0) ? 0 : 1;

function countsOf(report) {
  const brokenFiles = report.testResults.filter(
    file =>
      file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
  );
  // A file that could not be loaded has no failed test, so it counts as one.
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length };
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  }
}
