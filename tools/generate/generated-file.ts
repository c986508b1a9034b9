/** Responsible for the type of a generated text file, and for writing it or detecting that it differs. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface GeneratedFile {
  /** Relative to the repository's root. */
  readonly path: string
  readonly content: string
}

export const isCurrent = (root: string, file: GeneratedFile): boolean =>
  existsSync(join(root, file.path)) && readFileSync(join(root, file.path), 'utf8') === file.content

export function write(root: string, file: GeneratedFile): void {
  mkdirSync(dirname(join(root, file.path)), { recursive: true })
  writeFileSync(join(root, file.path), file.content)
}
