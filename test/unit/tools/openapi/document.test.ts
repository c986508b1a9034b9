/** Says what `openapi.json` promises: every operation, every path, and no reference into nothing. */
import { type Operation, operationIds, operationPaths, operations, problems } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { type Json, type JsonObject, SchemaBook } from '../../../../tools/openapi/schemas.ts'
import { spelledShort } from '../../../../tools/openapi/spelling.ts'
import { openapiDocument } from '../../../../tools/openapi/document.ts'

const document = openapiDocument({ version: '1.2.3' })

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
const at = (root: Json | undefined, ...keys: readonly string[]): Json | undefined =>
  keys.reduce<Json | undefined>((value, key) => (isObject(value) ? value[key] : undefined), root)

function* referencesIn(value: Json): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* referencesIn(item)
  else if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$ref' && typeof inner === 'string') yield inner
      else yield* referencesIn(inner)
    }
  }
}

const spelled = (path: string): string => path.replaceAll(/:([a-z_]+)/g, '{$1}')

describe('the document', () => {
  test('is OpenAPI 3.1 of the version it is asked for', () => {
    expect(at(document, 'openapi')).toBe('3.1.0')
    expect(at(document, 'info', 'version')).toBe('1.2.3')
  })

  test('has every reference resolve', () => {
    const references = [...new Set(referencesIn(document))]
    expect(references.length).toBeGreaterThan(20)
    const broken = references.filter((reference) => at(document, ...reference.replace('#/', '').split('/')) === undefined)
    expect(broken).toEqual([])
  })

  test('gives every operation an id of its own', () => {
    const ids = Object.values(at(document, 'paths') as JsonObject).flatMap((methods) =>
      Object.values(methods as JsonObject).map((one) => at(one, 'operationId')),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe.each(operationIds)('%s', (id) => {
  const row: Operation = operations[id]
  const shown = (path: string): Json | undefined => at(document, 'paths', spelled(path), row.method.toLowerCase())

  test('is on every path it has', () => {
    for (const path of operationPaths(row)) expect(shown(path), path).toBeDefined()
  })

  test('names its path parameters, its answer and every problem of its row', () => {
    const inPath = row.path.split('/').flatMap((part) => (part.startsWith(':') ? [part.slice(1)] : []))
    const parameters = at(shown(row.path), 'parameters')
    const named = Array.isArray(parameters) ? parameters.filter((one) => at(one, 'in') === 'path').map((one) => at(one, 'name')) : []
    expect(named).toEqual(inPath)
    const responses = Object.keys((at(shown(row.path), 'responses') ?? {}) as JsonObject)
    expect(responses).toContain(row.produces === 'websocket' ? '101' : String(row.status))
    for (const code of row.problems) expect(responses).toContain(String(problems[code].status))
  })

  test('asks for a token exactly when its scope does', () => {
    const security = at(shown(row.path), 'security')
    const ways: readonly unknown[] = Array.isArray(security) ? security : []
    expect(ways.length > 0).toBe(row.scope !== 'public' || row.token === 'optional')
    // An empty requirement is one that nobody has to meet.
    expect(ways.some((way) => Object.keys(Object(way)).length === 0)).toBe(row.token === 'optional')
  })

  test('takes every field of its input somewhere: path, query or body', () => {
    const parameters = at(shown(row.path), 'parameters')
    const names = new Set(Array.isArray(parameters) ? parameters.map((one) => at(one, 'name')) : [])
    const shared = at(shown(row.path), 'requestBody', '$ref')
    const whole = typeof shared === 'string' ? at(document, ...shared.replace('#/', '').split('/')) : undefined
    const schema = at(whole, 'content', 'application/json', 'schema')
    const reference = at(schema, '$ref')
    const body = typeof reference === 'string' ? at(document, ...reference.replace('#/', '').split('/')) : schema
    for (const name of Object.keys((at(body, 'properties') ?? {}) as JsonObject)) names.add(name)
    expect(Object.keys(row.input.shape).filter((name) => !names.has(name))).toEqual([])
  })
})

describe('the spelling', () => {
  const text = spelledShort(document)

  test('is the document, on a line for each operation and each component', () => {
    expect(JSON.parse(text)).toEqual(document)
    const methods = Object.values(at(document, 'paths') as JsonObject).flatMap((path) => Object.keys(path as JsonObject))
    const components = Object.values(at(document, 'components') as JsonObject).flatMap((kind) => Object.keys(kind as JsonObject))
    expect(text.split('\n').length).toBeLessThan(1.5 * (methods.length + components.length) + 100)
  })

  test('holds each body once, whatever the number of paths to it', () => {
    expect(text.split('"$ref":"#/components/requestBodies/jobs.dispatch"')).toHaveLength(3)
  })
})

describe('schemas', () => {
  test('let answers grow and keep requests strict', () => {
    const book = new SchemaBook()
    book.schema(operations['workers.get'].output, 'output')
    book.schema(operations['workers.update'].input, 'input')
    expect(at(book.components(), 'WorkerConfig', 'additionalProperties')).toBeUndefined()
    expect(at(book.components(), 'WorkerConfigInput', 'additionalProperties')).toBe(false)
  })
})
