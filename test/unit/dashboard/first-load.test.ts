/** Says how much a browser loads before the dashboard shows anything, by the manifest of the build. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { buildDashboard } from '../../../tools/dashboard/build.ts'
import { root } from '../structure/source-tree.ts'

interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
  readonly css?: readonly string[]
}

const folder = join(root, 'dist/assets/dashboard')
const read = (file: string): Buffer => readFileSync(join(folder, file))

/** The entry, everything that it imports before it runs, and their styles. */
function firstLoad(): readonly string[] {
  const manifest: Readonly<Record<string, Chunk>> = JSON.parse(read('manifest.json').toString())
  const files = new Set<string>()
  const walk = (chunk: Chunk | undefined): void => {
    if (chunk === undefined || files.has(chunk.file)) return
    for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file)
    for (const name of chunk.imports ?? []) walk(manifest[name])
  }
  walk(manifest['index.html'])
  return [...files]
}

describe('the built dashboard', () => {
  beforeAll(async () => {
    await buildDashboard()
  }, 120_000)

  test('loads at most 150 KiB of scripts and styles first, compressed', () => {
    const sizes = firstLoad().map((file) => [file, gzipSync(read(file), { level: 9 }).length] as const)
    const total = sizes.reduce((sum, [, size]) => sum + size, 0)
    expect(total, JSON.stringify(sizes)).toBeLessThanOrEqual(150 * 1024)
    expect(total).toBeGreaterThan(20 * 1024)
  })

  test('has no script or style inside its page, and names no other server', () => {
    const page = read('index.html').toString()
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=/)
    expect([...page.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1]?.startsWith('/'))).not.toContain(false)
  })

  test('has a service worker of one small file under an address that stays, which answers no requests', () => {
    const text = read('notifier.js').toString()
    expect(firstLoad()).not.toContain('notifier.js')
    expect(text).not.toMatch(/\bimport\b|importScripts|['"`]fetch['"`]|caches/)
    expect(text.length).toBeLessThan(4_096)
  })

  test('carries no schema library in the first load', () => {
    const text = firstLoad()
      .filter((file) => file.endsWith('.js'))
      .map((file) => read(file).toString())
      .join('\n')
    expect(text).not.toContain('ZodError')
  })
})
