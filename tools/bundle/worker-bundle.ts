/** Responsible for turning the Worker's sources into one module: for `wrangler deploy` small, for the embedded runtime readable; otherwise the same. */
import { rolldown } from 'rolldown'
import { leftOut } from './left-out.ts'

export interface WorkerBundleRequest {
  /** The repository. */
  readonly root: string
  /** Text of the module that everything begins with; paths in it are whole. Without it, `src/index.ts`. */
  readonly entry?: string
  /** Shorter names and no white space, with a map of its own; else names are kept and the map is inside the text. */
  readonly minify: boolean
  readonly define?: Readonly<Record<string, string>>
}

export interface WorkerBundle {
  readonly code: string
  /** A source map as JSON, when it is not inside the code. */
  readonly map: string | undefined
}

const entryName = 'virtual:entry'

/** Text that the Worker imports: `[[rules]]` of wrangler.toml, and what wrangler adds to them. */
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
      // Hints for a bundler, which nobody reads any more.
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
