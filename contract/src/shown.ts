/** Responsible for showing foreign text to a person without hiding anything: a character that cannot be seen is written as `<U+XXXX>`. */

/**
 * Characters that are invisible on a screen or change how other text is displayed: controls, format characters, private and unassigned ones, lone
 * surrogates (`C`), every blank but the space (`Z`), characters that a font may omit (Default_Ignorable: joiners, fillers, tags, variation
 * selectors), and the few symbols that are blank or stand for something else (braille blank, object replacement, null notehead, Khitan filler).
 */
const unseen = '(?! )[\\p{C}\\p{Z}\\p{Default_Ignorable_Code_Point}\\u2800\\uFFFC\\u{1D159}\\u{16FE4}]'

const unseenAnywhere = new RegExp(unseen, 'gu')
const unseenInLines = new RegExp(`(?![\\n\\t])${unseen}`, 'gu')
/** Text that looks like our own `<U+XXXX>` is escaped too, so that `fromShown` can restore the original. */
const likeOurs = /<(?=U\+[0-9A-F]{4,6}>)/g
const spelled = /<U\+([0-9A-F]{4,6})>/g

const spell = (character: string): string => `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`

/** The complete text in one line: line ends and tabs are escaped too. */
export const shown = (text: string): string => text.replaceAll(likeOurs, spell).replaceAll(unseenAnywhere, spell)

/** Only the visible characters, in one line: for a name that is made from a text. Blanks of any kind become spaces. */
export const onlySeen = (text: string): string => text.replaceAll(/\s+/gu, ' ').replaceAll(unseenAnywhere, '').replaceAll(/ +/g, ' ').trim()

/** The complete text, with its line breaks. */
export const shownLines = (text: string): string => text.replaceAll(likeOurs, spell).replaceAll(unseenInLines, spell)

/** A complete JSON value, indented. */
export const shownValue = (value: unknown): string => shownLines(JSON.stringify(value, undefined, 2) ?? 'undefined')

/** The original text of a shown one. */
export const fromShown = (text: string): string =>
  text.replaceAll(spelled, (_, point: string) => String.fromCodePoint(Number.parseInt(point, 16)))

/** A second protection after the functions above: escapes invisible characters and does not change text that is already shown. */
export const withoutUnseen = (text: string): string => text.replaceAll(unseenInLines, spell)

/** JSON in which invisible characters are escaped as JSON escapes, so that parsing it gives the same value. */
export const shownJson = (value: unknown, indent?: number): string =>
  (JSON.stringify(value, undefined, indent) ?? 'null').replaceAll(unseenInLines, (character) =>
    // The string is not spread into characters, because JSON needs one escape per UTF-16 unit.
    Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )

/**
 * A sentence with foreign words in it, for programs that display it without any escaping of their own. In addition to `shown` it has no angle
 * brackets, because chats and pages turn those into links, mentions and tags.
 */
export const shownToAnybody = (text: string): string => shown(text).replaceAll('<', '\u2039').replaceAll('>', '\u203A')
