/** Responsible for reading a JSON text that may be none. It throws nothing. */

/** The value of a JSON text, with or without a byte order mark; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}
