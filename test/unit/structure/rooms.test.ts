/** Responsible for the one direction of imports inside the tenant object: rooms know the queue, the queue knows the kernel, never the reverse. */
import { describe, expect, test } from 'vitest'
import { readModules } from './source-tree.ts'

const home = 'durable-objects/tenant/'
const modules = readModules().filter((module) => module.path.startsWith(home))

/** The folder of the tenant object that a path is in; undefined for its top, where the rooms are put together. */
const folderOf = (path: string): string | undefined => /^durable-objects\/tenant\/([^/]+)\//.exec(path)?.[1]

/** From folder to folder, with the modules that do it. Types count: who is told of a type must be told when it changes. */
const arrows = new Map<string, string[]>()
for (const module of modules) {
  const from = folderOf(module.path)
  for (const { target } of module.imports) {
    const to = target === undefined ? undefined : folderOf(target)
    if (from === undefined || to === undefined || from === to) continue
    const arrow = `${from} -> ${to}`
    arrows.set(arrow, [...(arrows.get(arrow) ?? []), module.path])
  }
}
const targetsOf = (folder: string): readonly string[] =>
  [...arrows.keys()].flatMap((arrow) => (arrow.startsWith(`${folder} -> `) ? [arrow.slice(folder.length + 4)] : []))

/** Below the rooms, lowest first: each may import those before it. */
const floors = ['kernel', 'connections', 'queue'] as const

describe('the tenant object', () => {
  test.each(floors.map((floor, height) => [floor, floors.slice(0, height)] as const))('%s imports nothing above it', (floor, below) => {
    expect(targetsOf(floor).filter((folder) => !below.some((one) => one === folder))).toEqual([])
  })

  test('has arrows between rooms that go one way', () => {
    const folders = new Set(modules.flatMap((module) => folderOf(module.path) ?? []))
    const circles: string[] = []
    const walk = (folder: string, trail: readonly string[]): void => {
      if (trail.includes(folder)) circles.push([...trail.slice(trail.indexOf(folder)), folder].join(' -> '))
      else for (const next of targetsOf(folder)) walk(next, [...trail, folder])
    }
    for (const folder of folders) walk(folder, [])
    expect(circles.map((circle) => `${circle}, first by ${arrows.get(circle.split(' -> ').slice(0, 2).join(' -> '))?.join(', ')}`)).toEqual(
      [],
    )
  })

  test('names each room in the list, and nowhere below it', () => {
    const list = modules.find((module) => module.path === `${home}rooms.ts`)?.imports.flatMap(({ target }) => target ?? []) ?? []
    const rooms = modules.filter((module) => module.path.endsWith('/room.ts') && folderOf(module.path) !== 'kernel')
    expect(rooms.map((module) => module.path).filter((path) => !list.includes(path))).toEqual([])
    const namers = modules.filter((module) => !['call.ts', 'rooms.ts', 'tenant-object.ts'].includes(module.path.slice(home.length)))
    const naming = namers.flatMap((module) =>
      module.imports.flatMap(({ target }) =>
        target === `${home}rooms.ts` || rooms.some(({ path }) => path === target) ? [module.path] : [],
      ),
    )
    expect(naming).toEqual([])
  })

  /** Stores and books are found through the context, without an import: who owns which is what `room.ts` declares. */
  test('has no floor that reads what a room above it keeps', () => {
    const owners = new Map(
      modules
        .filter((module) => module.path.endsWith('/room.ts'))
        .flatMap((module) => {
          const declared = [...module.source.matchAll(/interface (?:Store|Live) \{([\s\S]*?)\n {2}\}/g)].map((match) => match[1] ?? '')
          return declared.flatMap((body) =>
            [...body.matchAll(/readonly (\w+):/g)].map((match) => [match[1] ?? '', folderOf(module.path) ?? ''] as const),
          )
        }),
    )
    expect(owners.get('reviews')).toBe('reviews')
    const broken = modules.flatMap((module) => {
      const floor = floors.findIndex((one) => one === folderOf(module.path))
      if (floor < 0) return []
      const used = [...module.source.matchAll(/\b(?:store|live)\.(\w+)/g)].map((match) => match[1] ?? '')
      return used.flatMap((name) => {
        const owner = owners.get(name)
        return owner === undefined || floors.slice(0, floor + 1).some((one) => one === owner) ? [] : [`${module.path}: ${name} of ${owner}`]
      })
    })
    expect(broken).toEqual([])
  })
})
