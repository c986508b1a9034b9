/** Responsible for exporting the contract's functions for showing foreign text to programs that display it. */
import * as contract from '@modelreins/contract'

/** The complete text in one line: invisible characters, line ends and tabs are written as `<U+XXXX>`. Nothing is left out. */
export const shown: (text: string) => string = contract.shown
/** The same with line breaks kept. */
export const shownLines: (text: string) => string = contract.shownLines
/** A JSON value, indented, as `shownLines` shows it. */
export const shownValue: (value: unknown) => string = contract.shownValue
/** The original text of a shown one. */
export const fromShown: (text: string) => string = contract.fromShown
