/** Responsible for the file name in the Content-Disposition header, in a form that all browsers read safely (RFC 6266, RFC 8187). */

const extended = (name: string): string =>
  // encodeURIComponent does not encode four characters that RFC 8187 forbids.
  encodeURIComponent(name).replaceAll(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

/** `attachment` with the name in ASCII for old clients, and in full for others. The name has no lone surrogates (`safeFilename`). */
export function attachment(filename: string): string {
  const ascii = filename.replaceAll(/[^\x20-\x7e]|["\\%]/gu, '_')
  const plain = `attachment; filename="${ascii}"`
  return ascii === filename ? plain : `${plain}; filename*=UTF-8''${extended(filename)}`
}
