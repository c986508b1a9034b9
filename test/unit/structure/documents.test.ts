import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from './source-tree.ts'

const pages = ['*.md', 'docs/**/*.md', 'examples/**/*.md', 'worker-sdk/*.md', 'sdk-python/*.md'].flatMap((pattern) =>
  globSync(pattern, { cwd: root, exclude: (name) => name.includes('node_modules') }),
)
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const prose = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '')

/** As GitHub makes them from headings: lower case, blanks to dashes, punctuation gone. */
const anchors = (text: string): ReadonlySet<string> =>
  new Set(
    [...prose(text).matchAll(/^#+\s+(.*)$/gm)].map((match) =>
      (match[1] ?? '')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )

describe('the documents', () => {
  test('are there', () => {
    for (const name of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']) expect(pages).toContain(name)
    expect(read('LICENSE')).toContain('Apache License')
  })

  test('link to files and headings that exist', () => {
    const broken = pages.flatMap((page) =>
      [...prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap((match) => {
        const link = match[1] ?? ''
        if (/^[a-z]+:/.test(link)) return []
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? page : relative(root, resolve(root, dirname(page), path))
        if (!existsSync(join(root, target))) return [`${page}: ${link}`]
        return anchor !== undefined && target.endsWith('.md') && !anchors(read(target)).has(anchor) ? [`${page}: ${link}`] : []
      }),
    )
    expect(broken).toEqual([])
  })

  test('name only scripts that exist', () => {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'))
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run ([a-z][a-z:-]*)/g)].flatMap((match) =>
        Object.hasOwn(scripts, match[1] ?? '') ? [] : [`${page}: ${match[0]}`],
      ),
    )
    expect(broken).toEqual([])
  })

  test('name only files of ours that exist', () => {
    const broken = pages.flatMap((page) =>
      [
        ...prose(read(page)).matchAll(/`((?:src|contract|durable-objects|worker-sdk|tools|test|migrations|bench)\/[\w./-]*[\w/])`/g),
      ].flatMap((match) => (existsSync(join(root, match[1] ?? '')) ? [] : [`${page}: ${match[1] ?? ''}`])),
    )
    expect(broken).toEqual([])
  })
})
