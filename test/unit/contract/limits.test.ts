import { describe, expect, test } from 'vitest'
import { limits } from '@modelreins/contract'
import { readModules } from '../structure/source-tree.ts'

/** What is built and shipped; tests, benches and generators do not make a limit true. */
const isProduct = (path: string): boolean => /^(contract\/src|src|durable-objects|worker-sdk\/src|dashboard|tools\/start)\//.test(path)
const sources = readModules().filter((module) => isProduct(module.path) && module.path !== 'contract/src/limits.ts')

describe('a documented limit', () => {
  test.each(Object.keys(limits))('%s is read by the product', (name) => {
    const reading = new RegExp(`\\blimits\\.${name}\\b`)
    expect(
      sources.some((module) => reading.test(module.source)),
      `nothing reads limits.${name}`,
    ).toBe(true)
  })
})
