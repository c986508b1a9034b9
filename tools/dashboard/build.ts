/**
 * Responsible for the built dashboard in dist/assets/dashboard. `npm ci` and the tests build it when a source is newer than the last build; `npm
 * start` never does.
 */
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const stamp = join(root, 'dist/dashboard.stamp')
const built = join(root, 'dist/assets/dashboard/index.html')
const inputs = [
  'dashboard/**/*',
  'contract/src/**/*.ts',
  'worker-sdk/src/{client,audit}/**/*.ts',
  'tools/dashboard/*.ts',
  'package-lock.json',
]

/** Hash of the content of every file that the build reads. Times are not used, because a checkout changes them. */
function fingerprint(): string {
  const hash = createHash('sha256')
  const files = inputs.flatMap((pattern) => globSync(pattern, { cwd: root, withFileTypes: true }))
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name))
  for (const path of paths.filter((path) => !path.includes('node_modules')).toSorted())
    hash.update(path.slice(root.length)).update(readFileSync(path))
  return hash.digest('hex')
}

/** Returns whether a build was necessary. */
export async function buildDashboard(): Promise<boolean> {
  const now = fingerprint()
  if (existsSync(built) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return false
  // Always a production build, also when a test starts it: the result is what users get.
  const environment = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  const { build } = await import('vite')
  await build({ configFile: join(root, 'dashboard/vite.config.ts'), configLoader: 'native', logLevel: 'warn' }).finally(() => {
    if (environment === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = environment
  })
  mkdirSync(join(root, 'dist'), { recursive: true })
  writeFileSync(stamp, now)
  return true
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) void buildDashboard()
