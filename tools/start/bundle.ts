/** Responsible for turning the Worker's sources into one module for the embedded runtime. */
import { extname } from 'node:path'
import { build } from 'esbuild'
import { StartFailure } from './start-failure.ts'

export interface BundleRequest {
  /** Text of the module that everything begins with. */
  readonly entry: string
  /** Where the paths in it begin. */
  readonly folder: string
  readonly define: Readonly<Record<string, string>>
  /** `[[rules]]` of wrangler.toml as wrangler reads them, its own defaults included. */
  readonly rules: readonly { readonly type: string; readonly include: readonly string[] }[]
}

const loaders: Readonly<Record<string, 'text' | 'binary'>> = { Text: 'text', Data: 'binary' }

/** Answers the module's text. Errors in the sources are a sentence with the place, not a stack. */
export async function bundle(request: BundleRequest): Promise<string> {
  const loader: Record<string, 'text' | 'binary'> = {}
  for (const rule of request.rules) {
    const kind = loaders[rule.type]
    if (kind === undefined) continue
    // Every rule is a glob by ending (`**/*.sql`); esbuild chooses loaders by ending.
    for (const glob of rule.include) loader[extname(glob)] ??= kind
  }
  try {
    const result = await build({
      stdin: { contents: request.entry, resolveDir: request.folder, sourcefile: 'local-entry.js' },
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2024',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['workerd', 'worker', 'browser'],
      external: ['cloudflare:*', 'node:*'],
      define: { ...request.define },
      loader,
      sourcemap: 'inline',
      sourcesContent: false,
      keepNames: true,
      logLevel: 'silent',
    })
    return result.outputFiles[0]?.text ?? ''
  } catch (error) {
    if (error instanceof Error && 'errors' in error && Array.isArray(error.errors)) {
      throw new StartFailure(`The Worker cannot be built.\n${error.message}`)
    }
    throw error
  }
}
