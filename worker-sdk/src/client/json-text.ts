/** Responsible for parsing text that may not be JSON. It never throws. */

/** The value of a JSON text, with or without a byte order mark; undefined when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}
