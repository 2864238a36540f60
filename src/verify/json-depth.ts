/** Measures how deep JSON is nested without parsing it: parsing deep nesting costs far more. */

const quote = 0x22;
const backslash = 0x5c;

/** Whether arrays and objects are nested more than `depthMax` levels; no answer to whether it is JSON. */
export function isDeeperThan(json: Buffer, depthMax: number): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case quote:
        at = endOfString(json, at + 1);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        if (depth > depthMax) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
    }
  }
  return false;
}

/** Where the string that starts at `from` ends: at its quote, or at the end of the text. */
function endOfString(json: Buffer, from: number): number {
  let end = json.indexOf(quote, from);
  while (end !== -1 && isEscaped(json, end, from)) end = json.indexOf(quote, end + 1);
  return end === -1 ? json.length : end;
}

/** Whether the character is after an odd number of backslashes. */
function isEscaped(json: Buffer, at: number, from: number): boolean {
  let first = at;
  while (first > from && json[first - 1] === backslash) first -= 1;
  return (at - first) % 2 === 1;
}
