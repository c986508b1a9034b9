/** Responsible for the OpenAPI 3.1 document, generated from the operations table alone. */
import {
  type Operation,
  type ProblemCode,
  type Scope,
  commonProblems,
  limits,
  operationIds,
  operations,
  problemSchema,
  problems,
  roles,
  inputOf,
  operationPaths,
} from '@modelreins/contract'
import { roleMay, workerMay } from '../../src/domain/access/access.ts'
import { type Json, type JsonObject, SchemaBook } from './schemas.ts'

export interface OpenapiRequest {
  readonly version: string
}

const schemes = {
  member: 'A member key (`mrk_...`): a human or a program of the tenant, with a role.',
  worker: 'A worker token (`mrw_...`): one registered worker.',
  lease: 'The lease token of one attempt (`mrl_...`), as `claims.poll` and the socket hand it out.',
  master: 'The master token of this deployment: creates and suspends tenants, and nothing inside them.',
} as const
type Scheme = keyof typeof schemes

function schemesFor(scope: Scope): readonly Scheme[] {
  if (scope === 'public') return []
  if (scope === 'master' || scope === 'attempt') return [scope === 'master' ? 'master' : 'lease']
  const member = roles.some((role) => roleMay(role, scope)) ? (['member'] as const) : []
  const worker = workerMay(scope, true) ? (['worker'] as const) : []
  return [...member, ...worker, ...(scope === 'artifacts.write' ? (['lease'] as const) : [])]
}

function whoMay(scope: Scope): string {
  const having = roles.filter((role) => roleMay(role, scope))
  const worker = workerMay(scope, false) ? ['workers'] : workerMay(scope, true) ? ['workers that were given the right'] : []
  const who = [...having, ...worker]
  return who.length === 0 ? '' : `For: ${who.join(', ')}.`
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
const pathParameters = (path: string): readonly string[] => path.split('/').flatMap((part) => (part.startsWith(':') ? [part.slice(1)] : []))
const hasJsonBody = (row: Operation): boolean => row.body !== 'raw' && row.method !== 'GET' && row.method !== 'DELETE'

/** In a query, a list is written as "a,b". */
const inQuery = (schema: Json): JsonObject =>
  isObject(schema) && schema.type === 'array' ? { schema, style: 'form', explode: false } : { schema }

function parametersOf(row: Operation, properties: JsonObject, required: readonly Json[]): readonly JsonObject[] {
  const inPath = pathParameters(row.path)
  const fromPath = inPath.map((name) => ({ name, in: 'path', required: true, schema: properties[name] ?? {} }))
  const fromQuery = hasJsonBody(row)
    ? []
    : Object.entries(properties)
        .filter(([name]) => !inPath.includes(name))
        .map(([name, schema]) => ({ name, in: 'query', required: required.includes(name), ...inQuery(schema) }))
  const idempotency = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'The same key with the same body answers what the first call made; with another body it is a conflict.',
    schema: properties.idempotency_key ?? { type: 'string', minLength: 1, maxLength: 200 },
  }
  return [...fromPath, ...fromQuery, ...('idempotency_key' in row.input.shape || row.body === 'raw' ? [idempotency] : [])]
}

/** Undefined for an operation without a body. */
function bodyOf(row: Operation, whole: JsonObject, reference: JsonObject): JsonObject | undefined {
  if (row.body === 'raw') {
    const bytes = { type: 'string', format: 'binary' }
    const fields = isObject(whole.properties) ? whole.properties : {}
    const parts = { schema: { type: 'object', properties: { file: bytes, ...fields }, required: ['file'] } }
    return { required: true, content: { 'application/octet-stream': { schema: bytes }, 'multipart/form-data': parts } }
  }
  if (!hasJsonBody(row)) return undefined
  const inPath = pathParameters(row.path)
  const properties = isObject(whole.properties) ? whole.properties : {}
  const rest = Object.fromEntries(Object.entries(properties).filter(([name]) => !inPath.includes(name)))
  if (Object.keys(rest).length === 0) return undefined
  const required = Array.isArray(whole.required) ? whole.required.filter((name) => typeof name === 'string' && !inPath.includes(name)) : []
  const schema = inPath.length === 0 ? reference : { ...whole, properties: rest, required }
  const example = Object.fromEntries(Object.entries(row.example).filter(([name]) => !inPath.includes(name)))
  return { required: required.length > 0, content: { 'application/json': { schema, example: asJson(example) } } }
}

interface Answer {
  readonly status: number
  readonly response: JsonObject
}

function answerOf(row: Operation, schema: JsonObject): Answer {
  const type = row.produces ?? 'application/json'
  if (type === 'websocket') return { status: 101, response: { description: 'The socket is open.' } }
  const content = row.produces === undefined ? schema : { type: 'string', ...(type.startsWith('text/') ? {} : { format: 'binary' }) }
  return { status: row.status, response: { description: row.summary, content: { [type]: { schema: content } } } }
}

interface Response {
  readonly status: number
  readonly codes: readonly ProblemCode[]
}

/** Problems with the same status share one response, because OpenAPI allows one response per status. */
function problemsOf(row: Operation): readonly Response[] {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of new Set([...row.problems, ...commonProblems(row)])) {
    const { status } = problems[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return [...byStatus].map(([status, codes]) => ({ status, codes: codes.toSorted() }))
}

const responseName = (response: Response): string => response.codes.join('.')
const responseRefs = (responses: readonly Response[]): JsonObject =>
  Object.fromEntries(responses.map((response) => [response.status, { $ref: `#/components/responses/${responseName(response)}` }]))

/** Every combination of problems that an operation can answer with, listed once. */
function responseComponents(problem: JsonObject): JsonObject {
  const all = operationIds.flatMap((id) => problemsOf(operations[id]))
  return Object.fromEntries(
    all.map((response) => [
      responseName(response),
      {
        description: response.codes.map((code) => `\`${code}\`: ${problems[code].title}. ${problems[code].help}`).join('\n\n'),
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  )
}

function describe(row: Operation, alias: boolean): string {
  return [
    alias
      ? `The same as \`${row.method} ${row.path}\`, for programs that know this path: unknown fields are ignored, null means absent.`
      : '',
    whoMay(row.scope),
    row.held === true ? 'May be held open by the server.' : '',
    hasJsonBody(row) || row.body === 'raw' ? `The body has at most ${row.bodyLimit ?? limits.body_bytes} bytes.` : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ')
}

/** An empty security requirement means that the token is optional. */
function securityOf(row: Operation): readonly JsonObject[] {
  if (row.token === 'optional') return [{}, { member: [] }, { worker: [] }, { lease: [] }]
  return schemesFor(row.scope).map((scheme) => ({ [scheme]: [] }))
}

const spelled = (path: string): string => path.replaceAll(/:([a-z_]+)/g, '{$1}')

/** Converted to text and back, which gives the value as it is sent. */
const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json

interface Parts {
  readonly paths: JsonObject
  /** Bodies and answers by operation, shared by all paths of the operation. */
  readonly requestBodies: JsonObject
  readonly responses: JsonObject
}

const parameterWithExample = (parameter: JsonObject, example: unknown): JsonObject =>
  example === undefined ? parameter : { ...parameter, example: asJson(example) }

function partsOf(book: SchemaBook): Parts {
  const requestBodies = new Map<string, JsonObject>()
  const answers = new Map<string, JsonObject>()
  const paths = new Map<string, Map<string, JsonObject>>()
  for (const id of operationIds) {
    const row: Operation = operations[id]
    const output = book.schema(row.output, 'output')
    const reference = book.schema(inputOf(row, false), 'input')
    const named = typeof reference.$ref === 'string' ? reference.$ref.split('/').at(-1) : undefined
    const found = named === undefined ? reference : book.components()[named]
    const whole = isObject(found) ? found : {}
    const properties = isObject(whole.properties) ? whole.properties : {}
    const body = bodyOf(row, whole, reference)
    if (body !== undefined) requestBodies.set(id, body)
    const { status, response } = answerOf(row, output)
    answers.set(id, response)
    const shared = {
      tags: [id.split('.')[0] ?? id],
      summary: row.summary,
      parameters: parametersOf(row, properties, Array.isArray(whole.required) ? whole.required : []).map((parameter) =>
        parameterWithExample(parameter, row.example[String(parameter.name)]),
      ),
      ...(body === undefined ? {} : { requestBody: { $ref: `#/components/requestBodies/${id}` } }),
      responses: { [status]: { $ref: `#/components/responses/${id}` }, ...responseRefs(problemsOf(row)) },
      security: securityOf(row),
      'x-scope': row.scope,
      'x-repeat': row.repeat,
      'x-tool': row.tool,
    }
    for (const [index, path] of operationPaths(row).entries()) {
      const alias = index > 0
      const methods = paths.get(spelled(path)) ?? new Map<string, JsonObject>()
      const operationId = alias ? `${id}.alias${index === 1 ? '' : index}` : id
      const description = describe(row, alias)
      methods.set(row.method.toLowerCase(), { operationId, ...shared, description, ...(alias ? { 'x-alias-of': id } : {}) })
      paths.set(spelled(path), methods)
    }
  }
  return {
    paths: Object.fromEntries([...paths].map(([path, methods]) => [path, Object.fromEntries(methods)])),
    requestBodies: Object.fromEntries(requestBodies),
    responses: Object.fromEntries(answers),
  }
}

/** The document: every operation on each of its paths, and every schema as one component. */
export function openapiDocument(request: OpenapiRequest): JsonObject {
  const book = new SchemaBook()
  const { paths, requestBodies, responses } = partsOf(book)
  const problemResponses = responseComponents(book.schema(problemSchema, 'output'))
  return {
    openapi: '3.1.0',
    info: {
      title: 'ModelReins',
      version: request.version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'A control plane for a workforce of AI agents, humans and programs.\n\nErrors are `application/problem+json` (RFC 9457) with a `code`; times are ISO 8601 in UTC; lists take `limit` and `cursor`.',
    },
    paths,
    components: {
      schemas: book.components(),
      requestBodies,
      responses: { ...responses, ...problemResponses },
      securitySchemes: Object.fromEntries(
        Object.entries(schemes).map(([name, description]) => [name, { type: 'http', scheme: 'bearer', description }]),
      ),
    },
  }
}
