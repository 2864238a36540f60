/** The generated parts of docs/scaling.md, each between two comments. */

/** The page with new texts in their places. Throws if a place is missing. */
export function withTables(page: string, texts: Readonly<Record<string, string>>): string {
  let text = page;
  for (const [name, part] of Object.entries(texts)) {
    const place = new RegExp(`(<!-- scale: ${name} -->\n)[^]*?(<!-- end -->)`);
    if (!place.test(text)) throw new Error(`the page lacks the place "scale: ${name}"`);
    text = text.replace(place, (_, before: string, after: string) => `${before}${part}\n${after}`);
  }
  return text;
}
