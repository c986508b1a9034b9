/** Responsible for building the package: bundles for `import` and `require`, declarations beside them, nothing else in dist. */
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown, type OutputOptions } from 'rolldown'
import { writeDeclarations } from './declarations.ts'
import { shortenLines } from './short-lines.ts'
import { withoutDescriptions } from './without-descriptions.ts'
import { withoutJsonSchema } from './without-json-schema.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = `${root}dist`
const library = { index: `${root}src/index.ts`, client: `${root}src/client/index.ts` }
const cli = `${root}src/cli/main.ts`

/** What stays outside: the one dependency, and what the playwright provider looks for on the user's machine. */
const external = ['ws', 'playwright', 'playwright-core', /^node:/]

async function bundle(input: Readonly<Record<string, string>>, output: OutputOptions): Promise<void> {
  const build = await rolldown({
    input: { ...input },
    external,
    platform: 'node',
    transform: { target: 'node18' },
    plugins: [withoutJsonSchema, withoutDescriptions],
  })
  await build.write({
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    // Small on disk; stack traces still name our classes.
    minify: { compress: true, mangle: { keepNames: { class: true, function: false } }, codegen: { removeWhitespace: true } },
    ...output,
  })
  await build.close()
}

rmSync(dist, { recursive: true, force: true })
mkdirSync(`${dist}/cjs`, { recursive: true })
await bundle(existsSync(cli) ? { ...library, cli } : library, { dir: dist, format: 'esm' })
await bundle(library, { dir: `${dist}/cjs`, format: 'cjs', exports: 'named' })
shortenLines(dist)
// The same file names in both folders: this says what `.js` and `.d.ts` are here.
writeFileSync(`${dist}/cjs/package.json`, '{ "type": "commonjs" }\n')
if (existsSync(cli)) chmodSync(`${dist}/cli.js`, 0o755)
await writeDeclarations(root, { esm: `${dist}/types`, commonJs: `${dist}/cjs/types` })
