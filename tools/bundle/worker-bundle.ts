/**
 * Responsible for bundling the Worker's sources into one module: minified for `wrangler deploy`, readable for the embedded runtime, otherwise equal.
 */
import { rolldown } from 'rolldown'
import { leftOut } from './left-out.ts'

export interface WorkerBundleRequest {
  /** Path of the repository. */
  readonly root: string
  /** Text of the entry module, with absolute paths. Without it, `src/index.ts`. */
  readonly entry?: string
  /** True: names and white space are shortened, and the source map is separate. False: names are kept, and the map is inline. */
  readonly minify: boolean
  readonly define?: Readonly<Record<string, string>>
}

export interface WorkerBundle {
  readonly code: string
  /** The source map as JSON, when it is separate. */
  readonly map: string | undefined
}

const entryName = 'virtual:entry'

/** File types that the Worker imports as text: `[[rules]]` of wrangler.toml, and wrangler's defaults. */
const asText = { '.sql': 'text', '.txt': 'text', '.html': 'text' } as const

export async function workerBundle(request: WorkerBundleRequest): Promise<WorkerBundle> {
  const { entry } = request
  const build = await rolldown({
    input: { index: entry === undefined ? 'src/index.ts' : entryName },
    cwd: request.root,
    platform: 'neutral',
    resolve: { mainFields: ['module', 'main'], conditionNames: ['workerd', 'worker', 'browser', 'import', 'default'] },
    external: [/^cloudflare:/, /^node:/],
    moduleTypes: asText,
    transform: { target: 'es2024', define: { ...request.define } },
    logLevel: 'silent',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entryName ? id : null),
        load: (id) => (id === entryName && entry !== undefined ? entry : null),
      },
      leftOut,
    ],
  })
  try {
    const { output } = await build.generate({
      format: 'esm',
      minify: request.minify,
      keepNames: !request.minify,
      sourcemap: request.minify ? 'hidden' : 'inline',
      sourcemapExcludeSources: true,
      // Annotation comments are hints for bundlers, which the minified module no longer needs.
      comments: !request.minify,
      codeSplitting: false,
      entryFileNames: 'index.js',
    })
    const [chunk] = output
    return { code: chunk.code, map: request.minify ? chunk.map?.toString() : undefined }
  } finally {
    await build.close()
  }
}
