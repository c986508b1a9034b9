/** Responsible for handing the contract's rule of how text from elsewhere is shown to programs that show it. */
import * as contract from '@modelreins/contract'

/** All of a text in one line: what cannot be seen, line ends and tabs too, is spelled as `<U+XXXX>`. Nothing is left out. */
export const shown: (text: string) => string = contract.shown
/** The same in its own lines. */
export const shownLines: (text: string) => string = contract.shownLines
/** A JSON value, indented, as `shownLines` shows it. */
export const shownValue: (value: unknown) => string = contract.shownValue
/** The text that was shown. */
export const fromShown: (text: string) => string = contract.fromShown
