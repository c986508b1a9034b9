/** Responsible for which files a prompt names, and which of them may be read: text below the working folder, nothing hidden. It measures nothing. */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'

const maxFiles = 50
const maxBytes = 5 * 1024 * 1024

/**
 * Names in the order of the prompt, each once; what looks like a name but may not be read comes with the reason.
 * @param {string} prompt
 * @param {string} folder
 * @returns {{files: string[], refused: {name: string, reason: string}[]}}
 */
export function findFiles(prompt, folder) {
  const root = realpathSync(folder)
  const files = new Set()
  const refused = []
  const named = new Set(prompt.split(/[\s,;"'`()<>[\]{}]+/).map((word) => word.replace(/[.:!?]+$/, '')))
  for (const name of named) {
    if (name === '') continue
    const found = look(root, name)
    if (found.kind === 'none') {
      if (/^[\w./-]+\.(md|txt|ts|js|mjs|json|toml|py|html|css|csv)$/i.test(name))
        refused.push({ name, reason: 'there is no such file here' })
    } else if (found.kind === 'refused') refused.push({ name, reason: found.reason })
    else for (const file of found.files) if (files.size < maxFiles) files.add(file)
  }
  return { files: [...files], refused }
}

/** A word such as `to` may be a folder's name by chance: only words that look like paths, or name a file, count. */
function look(root, name) {
  let real
  try {
    real = realpathSync(resolve(root, name))
  } catch {
    return { kind: 'none' }
  }
  const path = relative(root, real)
  const looksLikePath = /[./\\]/.test(name)
  const outside = path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path)
  if (outside)
    return looksLikePath ? { kind: 'refused', reason: 'it is outside of the folder that this worker may read' } : { kind: 'none' }
  if (path.split(sep).some((part) => part.startsWith('.') || part === 'node_modules')) {
    return { kind: 'refused', reason: 'hidden files and dependencies are not read' }
  }
  const stat = statSync(real)
  if (stat.isFile()) return { kind: 'files', files: [path] }
  if (!stat.isDirectory() || !looksLikePath) return { kind: 'none' }
  const inside = readdirSync(real, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(path, entry.name))
    .sort()
  return inside.length === 0 ? { kind: 'refused', reason: 'the folder holds no files' } : { kind: 'files', files: inside }
}

/**
 * The file's text, or why it has none.
 * @param {string} path
 * @returns {{text: string} | {reason: string}}
 */
export function readText(path) {
  try {
    const { size } = statSync(path)
    if (size > maxBytes) return { reason: `it is larger than ${maxBytes / 1024 / 1024} MB` }
    const bytes = readFileSync(path)
    if (bytes.includes(0)) return { reason: 'it is not text' }
    return { text: bytes.toString('utf8') }
  } catch (error) {
    return { reason: error instanceof Error && 'code' in error ? `it cannot be read (${error.code})` : 'it cannot be read' }
  }
}
