/**
 * Responsible for the folder of static files that the Worker serves (`[assets]` in wrangler.toml): pages of the edge, the OpenAPI document, and
 * ready-made files of installed packages. Unchanged files are not rewritten. It must run before wrangler, miniflare or a test reads wrangler.toml.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'
import { openapiDocument } from './openapi/document.ts'
import { problemsHtml } from './problems-html.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = join(root, 'src/edge/pages/browser')

/** From the package's folder to the address at which the file is served. The licence is copied with the code. */
const copied: readonly (readonly [from: string, to: string])[] = [
  ['swagger-ui-dist/swagger-ui-bundle.js', 'docs/ui/swagger-ui-bundle.js'],
  ['swagger-ui-dist/swagger-ui.css', 'docs/ui/swagger-ui.css'],
  ['swagger-ui-dist/LICENSE', 'docs/ui/LICENSE.txt'],
  ['swagger-ui-dist/NOTICE', 'docs/ui/NOTICE.txt'],
  ['swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt', 'docs/ui/swagger-ui-bundle.js.LICENSE.txt'],
]

const source = (name: string): string => readFileSync(join(pages, name), 'utf8')
/** The JavaScript of a module that runs in the browser. */
const script = (name: string): string => transformSync(source(name), { loader: 'ts', target: 'es2022', charset: 'utf8' }).code

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}

const made: Readonly<Record<string, () => string>> = {
  'pages/view.html': () => source('view.html'),
  'pages/docs.html': () => source('docs.html'),
  'pages/problems.html': problemsHtml,
  'assets/page.css': () => source('page.css'),
  'assets/docs.css': () => source('docs.css'),
  'assets/view.js': () => script('view.ts'),
  'assets/docs.js': () => script('docs.ts'),
  'openapi.json': () => JSON.stringify(openapiDocument({ version: version() })),
}

function isCurrent(from: string, to: string): boolean {
  if (!existsSync(to)) return false
  const [original, copy] = [statSync(from), statSync(to)]
  return original.size === copy.size && original.mtimeMs <= copy.mtimeMs
}

/** Writes all missing or changed files of `dist/assets` in the repository; returns the names of the written files. */
export function buildAssets(folder: string = join(root, 'dist/assets')): readonly string[] {
  const written: string[] = []
  const put = (to: string, write: (path: string) => void): void => {
    const path = join(folder, to)
    mkdirSync(dirname(path), { recursive: true })
    write(path)
    written.push(to)
  }
  for (const [from, to] of copied) {
    const original = join(root, 'node_modules', from)
    if (!isCurrent(original, join(folder, to))) put(to, (path) => copyFileSync(original, path))
  }
  for (const [to, make] of Object.entries(made)) {
    const text = make()
    const path = join(folder, to)
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) put(to, () => writeFileSync(path, text))
  }
  return written
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) buildAssets()
