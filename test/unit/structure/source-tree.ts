/** Responsible for reading the repository's modules and what each imports, by a real parser; it judges nothing. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'rolldown/utils'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

export interface Import {
  /** As written. */
  readonly specifier: string
  /** Repository path when it leads to a file of ours; undefined for packages. */
  readonly target: string | undefined
  /** True when nothing of it is left at run time. */
  readonly typeOnly: boolean
}

export interface Module {
  /** Path from the repository's root, with forward slashes. */
  readonly path: string
  readonly source: string
  readonly imports: readonly Import[]
  /** The first comment, when nothing but a shebang or a directive stands before it. */
  readonly head: string | undefined
  readonly lines: number
}

const slashes = (path: string): string => path.split('\\').join('/')

/** The workspace packages are imported by name; this is where the names lead. */
const packages: Readonly<Record<string, string>> = {
  '@modelreins/contract': 'contract/src/index.ts',
  '@modelreins/contract/operations': 'contract/src/operations.ts',
  'modelreins-worker': 'worker-sdk/src/index.ts',
}

function target(from: string, specifier: string): string | undefined {
  const named = packages[specifier]
  if (named !== undefined) return named
  if (!specifier.startsWith('.')) return undefined
  const absolute = resolve(root, dirname(from), specifier)
  return existsSync(absolute) && statSync(absolute).isFile()
    ? slashes(relative(root, absolute))
    : `missing:${posix.join(dirname(from), specifier)}`
}

export function parseModule(path: string, source: string): Module {
  const parsed = parseSync(path, source)
  const problem = parsed.errors[0]
  if (problem !== undefined) throw new Error(`${path}: ${problem.message}`)
  const found = new Map<string, boolean>()
  const add = (specifier: string, typeOnly: boolean): void => {
    found.set(specifier, (found.get(specifier) ?? true) && typeOnly)
  }
  for (const statement of parsed.module.staticImports) {
    // `import 'x'` has no entries and runs; `import type {}` and `import {type A}` leave nothing behind.
    add(statement.moduleRequest.value, statement.entries.length > 0 && statement.entries.every((entry) => entry.isType))
  }
  for (const statement of parsed.module.staticExports) {
    for (const entry of statement.entries) {
      if (entry.moduleRequest != null) add(entry.moduleRequest.value, entry.isType)
    }
  }
  for (const call of parsed.module.dynamicImports) {
    const written = source.slice(call.moduleRequest.start, call.moduleRequest.end)
    const literal = /^(['"])(.*)\1$/.exec(written)
    if (literal?.[2] !== undefined) add(literal[2], false)
  }
  // The parser counts a `#!` line among the comments.
  const first = parsed.comments.find((comment) => !source.startsWith('#!', comment.start))
  const before = first === undefined ? source : source.slice(0, first.start)
  const bare = before.replace(/^#!.*$/m, '').trim() === ''
  return {
    path,
    source,
    imports: [...found].map(([specifier, typeOnly]) => ({ specifier, target: target(path, specifier), typeOnly })),
    head: first !== undefined && bare ? first.value : undefined,
    lines: source.split('\n').length - 1,
  }
}

const folders = ['contract', 'src', 'durable-objects', 'worker-sdk', 'tools', 'test', 'bench', 'examples', 'dashboard', 'vscode-extension']

/** Every module of the repository that people write: no dependencies, no builds, no declarations. */
export function readModules(): readonly Module[] {
  const files = [...folders.map((folder) => `${folder}/**/*.{ts,tsx,js,mjs,cjs}`), '*.config.ts'].flatMap((pattern) =>
    globSync(pattern, { cwd: root, exclude: (name) => /(^|[\\/])(node_modules|dist|fixtures|\.[^\\/]+)$/.test(name) }),
  )
  return files
    .map(slashes)
    .filter((path) => !path.endsWith('.d.ts') && !/(^|\/)(node_modules|dist)\//.test(path))
    .toSorted()
    .map((path) => parseModule(path, readFileSync(join(root, path), 'utf8')))
}
