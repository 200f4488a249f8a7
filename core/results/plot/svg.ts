/** Building SVG as text: every attribute and text is escaped here and nowhere else. */

export type Attributes = Readonly<Record<string, string | number>>;

/** Children are markup already; text comes from `text`. */
export function element(
  name: string,
  attributes: Attributes,
  children: readonly string[] = [],
): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escape(typeof value === 'number' ? number(value) : value)}"`)
    .join('');
  return children.length === 0
    ? `<${name}${written}/>`
    : `<${name}${written}>${children.join('')}</${name}>`;
}

export function text(content: string): string {
  return escape(content);
}

/** At most two decimals of a pixel. */
export function number(value: number): string {
  return String(Math.round(value * 100) / 100 + 0);
}

/** XML has no way to write most control characters; they are left out. */
function escape(content: string): string {
  return content
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
