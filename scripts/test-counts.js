// Prints how many tests passed and failed, from the JSON reports of vitest. Fails when a test failed, or
// when a report holds no passed test. Plain JavaScript, since it runs on the Node of the machine.

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
  // A file that could not be loaded lists no failed test, so the file itself counts as one.
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length };
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  }
}
