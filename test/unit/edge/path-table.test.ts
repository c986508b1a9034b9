/** Says which entry a path leads to, however it is spelled, and what its parameters are. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundPaths } from '../../../src/edge/bind.ts'
import { PathTable, pathOf } from '../../../src/edge/path-table.ts'

const table = new PathTable<string>()
for (const path of ['/', '/jobs/:id', '/jobs/abort', '/jobs/:id/why', '/jobs/:id/:verb', '/dispatch', '/s/:slug']) table.add(path, path)
const at = (path: string): string => {
  const found = table.find(path)
  return found === undefined ? 'nothing' : [found.entry, ...Object.values(found.parameters)].join(' ')
}

test.each([
  ['/', '/'],
  ['/dispatch', '/dispatch'],
  ['/dispatch/', '/dispatch'],
  ['/dispatch//', 'nothing'],
  ['/Dispatch', 'nothing'],
  ['/%64ispatch', '/dispatch'],
  ['/dispatch/x', 'nothing'],
  ['/jobs/abort', '/jobs/abort'],
  ['/jobs/12', '/jobs/:id 12'],
  ['/jobs/12/', '/jobs/:id 12'],
  ['/jobs//', 'nothing'],
  ['/jobs/', 'nothing'],
  ['/jobs/12/why', '/jobs/:id/why 12'],
  ['/jobs/12/retry', '/jobs/:id/:verb 12 retry'],
  ['/s/a%20b', '/s/:slug a b'],
  ['/s/a%2Fb', '/s/:slug a/b'],
  ['/s/%', '/s/:slug %'],
  ['/s/%E0%A4', '/s/:slug %E0%A4'],
  ['/s/%2561', '/s/:slug %61'],
  ['/jobs%2Fabort', 'nothing'],
  ['//dispatch', 'nothing'],
  ['', 'nothing'],
  ['/__proto__', 'nothing'],
])('%s leads to %s', (path, found) => {
  expect(at(path)).toBe(found)
})

test.each([
  ['http://127.0.0.1:8787/jobs/12?x=/y#z', '/jobs/12'],
  ['https://reins.example', '/'],
  ['https://reins.example?x=1', '/'],
  ['https://reins.example/#/x', '/'],
])('the path of %s is %s', (address, path) => {
  expect(pathOf(address)).toBe(path)
})

test('every path of the operations leads to itself, whatever its parameters are', () => {
  const all = new PathTable<string>()
  for (const { path } of boundPaths()) all.add(path, path)
  // Values that no fixed path has at that place.
  const value = fc.stringMatching(/^[a-z0-9 %/?#é🙂]{1,12}$/u).map((text) => `1${text}`)
  fc.assert(
    fc.property(fc.constantFrom(...boundPaths()), fc.array(value, { minLength: 3, maxLength: 3 }), ({ path }, values) => {
      const given: string[] = []
      const spelled = path.replace(/:\w+/g, () => {
        const one = values[given.length] ?? ''
        given.push(one)
        return encodeURIComponent(one)
      })
      const found = all.find(pathOf(`https://reins.example${spelled}?x=1`))
      expect(found?.entry).toBe(path)
      expect(Object.values(found?.parameters ?? {})).toEqual(given)
    }),
  )
})
