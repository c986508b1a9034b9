/** Responsible for making text that others wrote harmless to look at: no letter of it changes the order or look of what stands beside it. */

/**
 * Controls, marks that turn the direction of text (Unicode UAX 9, "Trojan Source") and what is nothing to see. The joiners are left: names
 * in Persian and many emoji are spelled with them.
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

/** Every line, with what is invisible in it spelled out: what is approved is what is read. */
export const spelledOut = (text: string): string =>
  text.replaceAll(invisibleInLines, (mark) => `⟨U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`)
