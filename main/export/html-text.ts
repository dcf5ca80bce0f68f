/** Control and bidirectional characters, which a name from a model could use to turn a page around. */
const DISTURBING = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu

/** Text for a page, in an attribute too. */
export const escapedHtml = (text: string): string =>
  text.replaceAll(DISTURBING, (char) => (char === '\n' || char === '\t' ? ' ' : `\\u{${char.codePointAt(0)!.toString(16)}}`)).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
