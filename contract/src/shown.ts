/**
 * Responsible for how text from elsewhere is shown to a person: nothing is left out, and what cannot be seen is spelled as `<U+XXXX>`, so that
 * what is read is what there is.
 */

/**
 * Whatever leaves no mark on a screen, or steers it: controls, format characters, private and unassigned ones, lone surrogates (`C`), every
 * blank but the space (`Z`), what a font may leave out (Default_Ignorable: joiners, fillers, tags, variation selectors), and the few
 * symbols that are blank or stand for something else (braille blank, object replacement, null notehead, Khitan filler).
 */
const unseen = '(?! )[\\p{C}\\p{Z}\\p{Default_Ignorable_Code_Point}\\u2800\\uFFFC\\u{1D159}\\u{16FE4}]'

const unseenAnywhere = new RegExp(unseen, 'gu')
const unseenInLines = new RegExp(`(?![\\n\\t])${unseen}`, 'gu')
/** Text that reads like our own spelling is spelled itself, so that it can be told apart and turned back. */
const likeOurs = /<(?=U\+[0-9A-F]{4,6}>)/g
const spelled = /<U\+([0-9A-F]{4,6})>/g

const spell = (character: string): string => `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`

/** All of it in one line: line ends and tabs are spelled too. */
export const shown = (text: string): string => text.replaceAll(likeOurs, spell).replaceAll(unseenAnywhere, spell)

/** Only what can be seen of it, in one line: for a name that is made of a text. Blanks of any kind are spaces. */
export const onlySeen = (text: string): string => text.replaceAll(/\s+/gu, ' ').replaceAll(unseenAnywhere, '').replaceAll(/ +/g, ' ').trim()

/** All of it, in its own lines. */
export const shownLines = (text: string): string => text.replaceAll(likeOurs, spell).replaceAll(unseenInLines, spell)

/** A JSON value as it is, indented. */
export const shownValue = (value: unknown): string => shownLines(JSON.stringify(value, undefined, 2) ?? 'undefined')

/** The text that was shown. */
export const fromShown = (text: string): string =>
  text.replaceAll(spelled, (_, point: string) => String.fromCodePoint(Number.parseInt(point, 16)))

/** A net below the rest: spells what cannot be seen, and leaves what is shown already as it is. */
export const withoutUnseen = (text: string): string => text.replaceAll(unseenInLines, spell)

/** JSON in which what cannot be seen is escaped as JSON escapes it: the same value to whoever parses it. */
export const shownJson = (value: unknown, indent?: number): string =>
  (JSON.stringify(value, undefined, indent) ?? 'null').replaceAll(unseenInLines, (character) =>
    // Not spread: each UTF-16 unit of it has an escape of its own.
    Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )

/**
 * A sentence with words from elsewhere in it, for programs that show it without asking what it is made of: besides what cannot be seen, it
 * has no angle brackets, of which chats and pages make links, mentions and tags.
 */
export const shownToAnybody = (text: string): string => shown(text).replaceAll('<', '\u2039').replaceAll('>', '\u203A')
