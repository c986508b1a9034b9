/** Responsible for making text of others safe to show: no character in it changes the order or the look of the text around it. */

/**
 * Control characters, marks that change the direction of text (Unicode UAX 9, "Trojan Source") and invisible characters. Joiners are kept: names in
 * Persian and many emoji need them.
 */
const invisible = new RegExp(String.raw`[\p{Cc}\p{Bidi_Control}\u{200b}\u{2060}-\u{2064}\u{feff}]`, 'gv')
const invisibleInLines = new RegExp(String.raw`[[\p{Cc}--[\n\r\t]]\p{Bidi_Control}\u{200b}\u{2060}-\u{2064}\u{feff}]`, 'gv')

/** One line, at most this long, with nothing invisible in it. */
export function oneLine(text: string, chars = 240): string {
  const cut = text.length > chars * 2 ? text.slice(0, chars * 2) : text
  const line = cut
    .replaceAll(invisible, (mark) => (/\s/.test(mark) ? ' ' : ''))
    .replaceAll(/\s+/g, ' ')
    .trim()
  return line.length > chars || cut.length < text.length ? `${line.slice(0, chars)}…` : line
}

/** All lines, with invisible characters spelled out, so that a person who approves the text sees all of it. */
export const spelledOut = (text: string): string =>
  text.replaceAll(invisibleInLines, (mark) => `⟨U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`)
