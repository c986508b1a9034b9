/**
 * Responsible for the package's declarations: what the compiler emits for the public files, and plain types in place of the
 * contract's schemas, so that a user's compiler needs neither the contract nor zod.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { contractTypes } from './contract-types.ts'

/** By its place, not by PATH: the build also runs outside of npm's scripts. */
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')

const entries = ['index.d.ts', 'client/index.d.ts']
const contractImport =
  /import\s+(?:type\s+)?\{([^}]*)\}\s+from '@modelreins\/contract'|export type \{([^}]*)\} from '@modelreins\/contract'/g

/** The folders of the two kinds of modules. */
interface Targets {
  readonly esm: string
  readonly commonJs: string
}

/** Long ones that import nothing. */
const plain = ['contract.d.ts', 'worker/settings/table.d.ts']

export async function writeDeclarations(root: string, { esm, commonJs }: Targets): Promise<void> {
  const targets = [esm, commonJs]
  const emitted = mkdtempSync(join(tmpdir(), 'modelreins-types-'))
  try {
    emit(root, emitted)
    const files = reachable(emitted)
    const names = new Set<string>()
    for (const [path, text] of files) files.set(path, pointAtPlainTypes(path, text, names))
    files.set('contract.d.ts', contractTypes(names))
    for (const [path, wide] of files) {
      const text = narrow(wide)
      for (const target of targets) {
        mkdirSync(dirname(join(target, path)), { recursive: true })
        writeFileSync(join(target, path), text)
      }
    }
    // Plain types are the same for both kinds of modules, and an ES module may always take those of a CommonJS one: they are kept once.
    for (const path of plain) {
      const shared = relative(dirname(join(esm, path)), join(commonJs, path)).replaceAll('\\', '/')
      writeFileSync(join(esm, path), `export * from '${shared.replace(/\.d\.ts$/, '.js')}'\n`)
    }
  } finally {
    rmSync(emitted, { recursive: true, force: true })
  }
}

/** Indented by one blank instead of four: nobody edits these files, and everybody downloads them. */
const narrow = (text: string): string =>
  text.replaceAll(/^ {4,}/gm, (blanks) => ' '.repeat(Math.floor(blanks.length / 4) + (blanks.length % 4)))

function emit(root: string, outDir: string): void {
  execFileSync(process.execPath, [compiler, '-p', `${root}build/tsconfig.json`, '--outDir', outDir], { stdio: 'inherit' })
}

/** The public entries and every file that their types mention. */
function reachable(folder: string): Map<string, string> {
  const found = new Map<string, string>()
  const visit = (path: string): void => {
    if (found.has(path)) return
    const text = readFileSync(join(folder, path), 'utf8')
    found.set(path, text)
    for (const match of text.matchAll(/from '(\.[^']+)\.ts'/g)) visit(join(dirname(path), `${match[1]}.d.ts`))
  }
  for (const entry of entries) visit(entry)
  return found
}

function pointAtPlainTypes(path: string, text: string, names: Set<string>): string {
  for (const match of text.matchAll(contractImport)) {
    for (const name of (match[1] ?? match[2] ?? '').split(',')) names.add(name.replace(/^\s*type\s+|\s+$/g, '').trim())
  }
  const contract = relative(dirname(path) === '.' ? '.' : dirname(path), 'contract.js')
  const rewritten = text
    .replaceAll("'@modelreins/contract'", `'${contract.startsWith('.') ? contract : `./${contract}`}'`)
    .replaceAll(/from '(\.[^']+)\.ts'/g, "from '$1.js'")
  // Node's modules too: a program for browsers or with `lib: ["dom"]` has no types of Node.
  const leak = /from '(?!\.)[^']+'|import\("[^"]+"\)/.exec(rewritten)
  if (leak !== null) throw new Error(`${path} mentions ${leak[0]}: a user's compiler would not find it`)
  return rewritten
}
