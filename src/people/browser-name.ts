/** Names a browser by its User-Agent, so that people recognise their sessions. */

/** In this order: most browsers also name others that they resemble. */
const browsers: [pattern: RegExp, name: string][] = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\bSamsungBrowser\/(\d+)/, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/\b(?:Headless)?(?:Chrome|CriOS|Chromium)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)\S* (?:Mobile\/\S+ )?Safari\//, 'Safari'],
];

const systems: [pattern: RegExp, name: string][] = [
  [/\b(?:iPhone|iPod)\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/** The browser and its system in words, such as "Firefox 140 on Linux"; what it sent is not repeated. */
export function browserName(userAgent: string): string {
  const text = userAgent.slice(0, 512);
  const [found] = browsers.flatMap(([pattern, name]) => {
    const version = pattern.exec(text)?.[1];
    return version === undefined ? [] : `${name} ${version.slice(0, 4)}`;
  });
  const system = systems.find(([pattern]) => pattern.test(text))?.[1];
  const browser = found ?? 'Another browser';
  return system === undefined ? browser : `${browser} on ${system}`;
}
