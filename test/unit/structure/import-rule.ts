/** Responsible for the import rule as a table: programs -> adapters -> domain -> contract; it reads no file. */
import type { Import, Module } from './source-tree.ts'

interface Part {
  readonly name: string
  readonly holds: (path: string) => boolean
  /** Repository folders (or files) whose modules this part may import, besides itself. */
  readonly may: readonly string[]
  /** The same, but only what leaves nothing at run time. */
  readonly mayAsTypes?: readonly string[]
  /** Packages it may import; `undefined`: any that package.json declares. */
  readonly packages?: readonly (string | RegExp)[]
}

const under =
  (...folders: readonly string[]) =>
  (path: string): boolean =>
    folders.some((folder) => path === folder || path.startsWith(`${folder}/`))

const workerRuntime = [/^cloudflare:/, 'node:crypto', 'node:buffer', 'node:async_hooks']

/** Inner parts first. The registry is named before `src`, so that the first part that holds a path is its part. */
export const parts: readonly Part[] = [
  { name: 'contract', holds: under('contract'), may: [], packages: ['zod'] },
  { name: 'domain', holds: under('src/domain'), may: ['contract'], packages: [] },
  { name: 'telemetry', holds: under('src/telemetry'), may: ['contract', 'src/domain'], packages: [...workerRuntime] },
  {
    name: 'registry',
    holds: under('src/registry'),
    may: ['contract', 'src/domain', 'src/telemetry', 'migrations'],
    mayAsTypes: ['durable-objects'],
    packages: [/^drizzle-orm(\/|$)/, 'zod', ...workerRuntime],
  },
  {
    name: 'edge',
    holds: under('src/edge'),
    may: ['contract', 'src/domain', 'src/telemetry'],
    mayAsTypes: ['durable-objects', 'src/registry'],
    packages: [/^hono(\/|$)/, 'zod', ...workerRuntime],
  },
  {
    name: 'objects',
    holds: under('durable-objects'),
    may: ['contract', 'src/domain', 'src/telemetry', 'migrations'],
    mayAsTypes: ['src/registry'],
    packages: ['croner', /^drizzle-orm(\/|$)/, 'zod', ...workerRuntime],
  },
  { name: 'composition root', holds: under('src/index.ts'), may: ['contract', 'src', 'durable-objects', 'package.json'] },
  { name: 'worker-sdk', holds: under('worker-sdk'), may: ['contract'] },
  { name: 'dashboard', holds: under('dashboard'), may: ['contract', 'worker-sdk'] },
  { name: 'vscode-extension', holds: under('vscode-extension'), may: ['contract', 'worker-sdk'] },
  { name: 'examples', holds: under('examples'), may: ['worker-sdk'] },
  {
    name: 'tools, tests and benches',
    holds: (path) => under('tools', 'test', 'bench')(path) || /^[\w.]+\.config\.ts$/.test(path),
    may: [
      'contract',
      'src',
      'durable-objects',
      'worker-sdk',
      'migrations',
      'examples',
      'dashboard',
      'tools',
      'test',
      'bench',
      'vitest.workers.config.ts',
    ],
  },
]

/** The one named exception: nobody can inject into an object's constructor, so its shipper calls the registry's writers itself. */
const exceptions: readonly { readonly from: RegExp; readonly to: string }[] = [
  { from: /^durable-objects\/tenant\/audit\/outbox-shipper\.ts$/, to: 'src/registry' },
]

export const partOf = (path: string): Part | undefined => parts.find((part) => part.holds(path))

/** One sentence when this import breaks the rule, else undefined. */
export function violation(module: Pick<Module, 'path'>, one: Import): string | undefined {
  const part = partOf(module.path)
  if (part === undefined) return `${module.path}: belongs to no part of the import rule`
  if (one.target === undefined) {
    if (part.packages === undefined) return undefined
    const allowed = part.packages.some((name) => (typeof name === 'string' ? name === one.specifier : name.test(one.specifier)))
    return allowed ? undefined : `${module.path}: ${part.name} may not import the package ${one.specifier}`
  }
  const to = one.target
  if (to.startsWith('missing:')) return `${module.path}: imports ${one.specifier}, which does not exist`
  if (part.holds(to) || under(...part.may)(to)) return undefined
  if (one.typeOnly && under(...(part.mayAsTypes ?? []))(to)) return undefined
  if (exceptions.some((exception) => exception.from.test(module.path) && under(exception.to)(to))) return undefined
  const hint = under(...(part.mayAsTypes ?? []))(to) ? ' (only as types)' : ''
  return `${module.path}: ${part.name} may not import ${to}${hint}`
}

/** Cycles of imports that exist at run time, each as the list of paths around it. */
export function cycles(modules: readonly Module[]): readonly (readonly string[])[] {
  const edges = new Map(
    modules.map((module) => [module.path, module.imports.flatMap((one) => (one.typeOnly || one.target === undefined ? [] : [one.target]))]),
  )
  const found: string[][] = []
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path)
    if (seen !== -1) {
      found.push([...trail.slice(seen), path])
      return
    }
    if (done.has(path)) return
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path])
    done.add(path)
  }
  for (const module of modules) walk(module.path, [])
  return found
}

/** Groups of modules that all lead to each other, imports of types included (Tarjan's strongly connected components). */
export function circles(modules: readonly Module[]): readonly (readonly string[])[] {
  const edges = new Map(modules.map((module) => [module.path, module.imports.flatMap((one) => one.target ?? [])]))
  const found: string[][] = []
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const visit = (path: string): number => {
    const own = order.size
    order.set(path, own)
    lowest.set(path, own)
    open.push(path)
    for (const next of edges.get(path) ?? []) {
      if (!edges.has(next)) continue
      const reached = order.has(next) ? (open.includes(next) ? (order.get(next) ?? own) : own) : visit(next)
      lowest.set(path, Math.min(lowest.get(path) ?? own, reached))
    }
    if (lowest.get(path) === own) {
      const circle = open.splice(open.indexOf(path))
      if (circle.length > 1) found.push(circle)
    }
    return lowest.get(path) ?? own
  }
  for (const path of edges.keys()) if (!order.has(path)) visit(path)
  return found
}
