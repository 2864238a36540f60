/** Entries as CSV: what a spreadsheet must not compute, and texts that CSV has to quote. */

import { expect, test } from 'vitest';
import { type CsvEvent, csvHead, csvRows, utcTime } from '../../src/wording/audit-csv.ts';

const event: CsvEvent = {
  ...{ sequence: 7, time: '2026-02-22T03:54:51.000Z', action: 'token.update', actor: 'admin' },
  ...{ tokenId: 'id', tokenName: 'shop', peer: '::1', detail: '', requestId: '', hash: 'f0' },
};
const cellsOf = (some: Partial<CsvEvent>) => csvRows([{ ...event, ...some }], {});

test('begins with the names of the columns, in UTF-8 that Excel reads', () => {
  expect(csvHead()).toBe(
    '\ufeffsequence,time,who,sentence,action,actor,address,access token,token id,detail,before,after,request id,hash\r\n',
  );
});

test('is a row for each entry, in words and as it is', () => {
  const change = { before: { owner: 'ann' }, after: { owner: 'bob' } };
  expect(cellsOf(change)).toBe(
    '7,2026-02-22T03:54:51.000Z,admin token,admin token changed shop: owner ann → bob,token.update,admin,' +
      '::1,shop,id,,"{""owner"":""ann""}","{""owner"":""bob""}",,f0\r\n',
  );
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1'])(
  'no cell is a formula: %j',
  text => {
    const row = cellsOf({
      tokenName: text,
      detail: text,
      actor: text,
      actorName: text,
      peer: text,
    });
    const cells = row.match(/"(?:[^"]|"")*"|[^,]+/g) ?? [];
    expect(cells.length).toBeGreaterThan(5);
    expect(cells.filter(cell => /^"?[=+\-@\t\r＝]/.test(cell))).toEqual([]);
    expect(row).toContain(`'${text}`);
  },
);

test('a quote, a comma and a line break stay in their cell', () => {
  expect(cellsOf({ detail: 'a,"b"\nc' })).toContain(',"a,""b""\nc",');
});

test('times are UTC', () => {
  expect(utcTime(Date.UTC(2027, 2, 2, 3, 4))).toBe('2027-03-02 03:04 UTC');
  expect(utcTime(Number.NaN)).toBe('NaN');
});
