import { expect, test } from 'vitest';
import { csv } from '../../src/wording/csv.ts';

test('a cell that begins as a formula is none', () => {
  for (const cell of ['=1+1', '+1', '-1', '@x', '\t=1']) {
    expect(csv([[cell]])).toBe(`'${cell}\r\n`);
  }
});

test('no cell begins a row, whatever its line end', () => {
  for (const end of ['\n', '\r', '\r\n']) {
    expect(csv([[`a${end}=1+1`, 'b']])).toBe(`"a${end}=1+1",b\r\n`);
  }
});

test('nor does one where a spreadsheet takes semicolons or tabs for separators', () => {
  expect(csv([["a;=cmd|' /C calc'!A1;b", 'a\t@x', ';-1', 'a; b;c']])).toBe(
    "a;'=cmd|' /C calc'!A1;b,a\t'@x,;'-1,a; b;c\r\n",
  );
});
