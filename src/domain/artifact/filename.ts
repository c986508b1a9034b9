/** Responsible for making file names safe to display and to save under. */
import { byteLength } from '@modelreins/contract'

const mostBytes = 255
/** The name when nothing is left of the original. */
const nameless = 'artifact'

/**
 * Control characters and line separators, and characters that change the text direction or are invisible: `gnp.exe` must not be displayed as
 * `exe.png`.
 */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu
/** Characters that have a special meaning in some file system. */
const special = /[<>:"|?*]/g
const devices = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i

/** Some file systems drop these characters. */
const tail = /[. ]+$/

/** The longest beginning of at most this many bytes of UTF-8 that does not split a character. */
function cut(text: string, bytes: number): string {
  let taken = ''
  let size = 0
  for (const character of text) {
    size += byteLength(character)
    if (size > bytes) break
    taken += character
  }
  return taken
}

/** Shortens the name but keeps its extension, which tells the kind of file. */
function shortened(name: string): string {
  if (byteLength(name) <= mostBytes) return name
  const ending = /\.[A-Za-z0-9]{1,16}$/.exec(name)?.[0] ?? ''
  return cut(name.slice(0, name.length - ending.length), mostBytes - ending.length).replace(tail, '') + ending
}

/** The last segment of the name, without anything that could mislead a reader, a shell, a file system or a header; at most 255 bytes, never empty. */
export function safeFilename(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? ''
  const plain = last
    .replaceAll(/\p{Cs}/gu, '\ufffd')
    .replaceAll(unseen, '')
    .normalize('NFC')
    .replaceAll(special, '_')
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .replace(tail, '')
  const harmless = devices.test(plain) ? `_${plain}` : plain
  return shortened(harmless) || nameless
}
