/** SVG as text: elements, escaping, and a guess of how wide a text will be. */

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** What XML 1.0 cannot hold even escaped: controls, lone surrogates, noncharacters. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes any string safe as XML text and as an attribute's value. */
export function escape(content: string): string {
  return content.replace(UNPRINTABLE, "\uFFFD").replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

/** An element with attributes (escaped; numbers to two decimals; undefined left out) around markup that is taken as it is. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escape(typeof value === "number" ? String(round(value)) : String(value))}"`)
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

/** A text element; its content is escaped. */
export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element("text", { x, y, ...attributes }, escape(content));
}

/** About how wide a text is in a sans-serif font, in pixels: on the safe side, since the font is the viewer's. */
export function textWidth(content: string, fontSize: number): number {
  return content.length * fontSize * 0.6;
}

/** The content, or as much of its beginning as fits with an ellipsis. */
export function fit(content: string, fontSize: number, width: number): string {
  const most = Math.max(1, Math.floor(width / (fontSize * 0.6)));
  return content.length <= most ? content : `${content.slice(0, most - 1).trimEnd()}…`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
