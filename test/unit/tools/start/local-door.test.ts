/** Says that on this machine no caller can say what only a platform in front may: from where a call comes. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { addressHeader } from '../../../../src/edge/access/failed-attempts.ts'
import { behindDoor, withoutPlatformHeaders } from '../../../../tools/start/local-door.ts'
import { root } from '../../structure/source-tree.ts'

const asked = (headers: Readonly<Record<string, string>>): Request => new Request('http://127.0.0.1/health', { headers })

describe('the door', () => {
  test('drops the address that a caller claims, with all that only a platform says', () => {
    const entered = withoutPlatformHeaders(
      asked({ 'CF-Connecting-IP': '198.51.100.9', 'CF-Ray': 'x', 'MF-Op': 'GET', 'X-Request-Id': 'mine-1234' }),
    )
    expect([...entered.headers]).toEqual([['x-request-id', 'mine-1234']])
  })

  test('lets all others pass as they are', async () => {
    const request = asked({ 'x-request-id': 'mine-1234' })
    const seen: Request[] = []
    const program = { fetch: (one: Request) => (seen.push(one), new Response('in')) }
    await behindDoor<object, object>(program).fetch(request, {}, {})
    expect(seen[0]).toBe(request)
  })
})

test('the Worker reads no other header of a platform', () => {
  const read = globSync('{src,durable-objects,contract/src}/**/*.ts', { cwd: root }).flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/['"`]((?:cf|mf)-[a-z-]+)['"`]/gi)].map(([, name]) => name),
  )
  expect(read).toEqual([addressHeader])
})
