/** Responsible for the SHA-256 of a text, in hex. */
import { createHash } from 'node:crypto'

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')
