/**
 * Responsible for the folder of static files that the Worker serves (`[assets]` in wrangler.toml): it copies what installed packages
 * bring ready-made and leaves alone what is there already. It must have run before wrangler, miniflare or a test reads wrangler.toml.
 */
import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** From the package's folder to the address under which it is served. The licence travels with the code. */
const files: readonly (readonly [from: string, to: string])[] = [
  ['swagger-ui-dist/swagger-ui-bundle.js', 'docs/ui/swagger-ui-bundle.js'],
  ['swagger-ui-dist/swagger-ui.css', 'docs/ui/swagger-ui.css'],
  ['swagger-ui-dist/LICENSE', 'docs/ui/LICENSE.txt'],
  ['swagger-ui-dist/NOTICE', 'docs/ui/NOTICE.txt'],
  ['swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt', 'docs/ui/swagger-ui-bundle.js.LICENSE.txt'],
]

function isCurrent(from: string, to: string): boolean {
  if (!existsSync(to)) return false
  const [source, copy] = [statSync(from), statSync(to)]
  return source.size === copy.size && source.mtimeMs <= copy.mtimeMs
}

/** Makes `dist/assets` of the repository whole; answers how many files were copied. */
export function buildAssets(folder: string = join(root, 'dist/assets')): number {
  const stale = files
    .map(([from, to]) => [join(root, 'node_modules', from), join(folder, to)] as const)
    .filter(([from, to]) => !isCurrent(from, to))
  mkdirSync(folder, { recursive: true })
  for (const [from, to] of stale) {
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(from, to)
  }
  return stale.length
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) buildAssets()
