/** Responsible for naming a download in a header so that every browser reads it and none is misled (RFC 6266, RFC 8187). */

const extended = (name: string): string =>
  // encodeURIComponent leaves four characters that RFC 8187 does not allow.
  encodeURIComponent(name).replaceAll(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

/** `attachment` with the name, in ASCII for old readers and whole for the rest. The name holds no lone surrogates (`safeFilename`). */
export function attachment(filename: string): string {
  const ascii = filename.replaceAll(/[^\x20-\x7e]|["\\%]/gu, '_')
  const plain = `attachment; filename="${ascii}"`
  return ascii === filename ? plain : `${plain}; filename*=UTF-8''${extended(filename)}`
}
