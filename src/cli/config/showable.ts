/** A private key in hex, and nothing else of 32 bytes that a person would type. */
const KEY = /(?<![0-9a-f])(0x)?[0-9a-f]{64}(?![0-9a-f])/gi;
/** A list of words that a wallet's keys come from. */
const PHRASE = /^\s*(?:[a-z]+\s+){11,23}[a-z]+\s*$/i;

/** Whether a text looks like a private key or a wallet's words, where something else is expected. */
export function looksSecret(text: string): boolean {
  return new RegExp(KEY.source, "i").test(text) || PHRASE.test(text);
}

/** A text without what looks like private keys. */
export function withoutKeys(text: string): string {
  return PHRASE.test(text) ? "(hidden)" : text.replaceAll(KEY, "(hidden)");
}

/** A setting's value as it may be shown: of an URL the host alone, since the rest may hold a password or an API key. */
export function showable(text: string): string {
  return withoutKeys(text.replaceAll(/\b[a-z]+:\/\/[^\s,]+/gi, hostOf));
}

function hostOf(text: string): string {
  const url = URL.parse(text);
  if (url === null) return "(hidden)";
  const isBare = url.pathname === "/" && url.search === "" && url.hash === "";
  return `${url.protocol}//${url.host}${isBare ? "" : "/…"}`;
}
