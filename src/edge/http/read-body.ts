/** Responsible for reading and parsing a JSON body within its size limit. */
import { limits } from '@modelreins/contract'
import { drainReader } from './drain-body.ts'
import { type Result, fail, ok } from '../../domain/result.ts'

/** Rules for a body. `tolerant`: for the seeds' paths, whose clients may omit the content type. */
export interface BodyRules {
  readonly limit: number
  readonly tolerant: boolean
}

const tooLarge = (limit: number) => fail('too-large', `The body is larger than ${limit} bytes.`)

const endedEarly = fail('invalid-request', 'The request body ended before its declared length.')

/** A body whose Content-Length is at most this is read in one call, which is much faster than a stream. Most bodies are that short. */
const atOnce = 64 * 1024

async function readAnnounced(request: Request, limit: number): Promise<Result<Uint8Array>> {
  try {
    const bytes = new Uint8Array(await request.arrayBuffer())
    return bytes.byteLength > limit ? tooLarge(limit) : ok(bytes)
  } catch {
    return endedEarly
  }
}

/**
 * The bytes of a body of at most `limit` bytes. They are counted while they arrive, because Content-Length may be wrong or missing. Bytes
 * beyond the limit are read and dropped.
 */
export async function readBytes(request: Request, limit: number): Promise<Result<Uint8Array>> {
  const announced = Number(request.headers.get('content-length') ?? 0)
  // The body is drained after the response (drain-body.ts).
  if (announced > limit) return tooLarge(limit)
  // Check this before accessing `request.body`, because that access creates a stream.
  if (announced > 0 && announced <= atOnce) return readAnnounced(request, limit)
  if (request.body === null) return ok(new Uint8Array())
  const reader = request.body.getReader()
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      size += value.byteLength
      if (size > limit) {
        await drainReader(reader, size)
        return tooLarge(limit)
      }
      parts.push(value)
    }
  } catch {
    return endedEarly
  }
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return ok(only)
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return ok(whole)
}

/** True for any media type of JSON in UTF-8, such as `application/json` or `application/problem+json; charset=UTF-8`. */
function isJson(contentType: string): boolean {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';')
  if (!/^\s*application\/(?:[a-z0-9.-]+\+)?json\s*$/.test(type)) return false
  return parameters.every((parameter) => !/^\s*charset\s*=/.test(parameter) || /=\s*"?utf-?8"?\s*$/.test(parameter))
}

/** Limits the nesting, because later code (schemas, canonical JSON) recurses over the value. */
function tooDeep(root: unknown): boolean {
  let level: unknown[] = [root]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limits.json_depth) return true
    const below: unknown[] = []
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue
      for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) below.push(child)
    }
    level = below
  }
  return false
}

/** True for an object with only primitive values and harmless names: most bodies, for which the full checks can be skipped. */
function isFlat(value: object): boolean {
  for (const name in value) {
    if (name === '__proto__') return false
    const member: unknown = Reflect.get(value, name)
    if (typeof member === 'object' && member !== null) return false
  }
  return true
}

/** The path of a `__proto__` name, if any: JavaScript would treat it as the prototype and lose the field, so the body is refused. */
function prototypePath(root: unknown): string | undefined {
  let level: readonly (readonly [string, unknown])[] = [['', root]]
  while (level.length > 0) {
    const below: (readonly [string, unknown])[] = []
    for (const [path, value] of level) {
      if (typeof value !== 'object' || value === null) continue
      if (Object.hasOwn(value, '__proto__')) return `${path}__proto__`
      for (const [name, child] of Object.entries(value))
        if (typeof child === 'object' && child !== null) below.push([`${path}${name.slice(0, 60)}.`, child])
    }
    level = below
  }
  return undefined
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** The JSON object in the body; without a body an empty object. Failures become 413 (too large), 415 (no JSON) or 400 (invalid). */
export async function readJsonObject(request: Request, rules: BodyRules): Promise<Result<Record<string, unknown>>> {
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding.toLowerCase() !== 'identity') {
    return fail('unsupported-media-type', `Content-Encoding ${encoding.slice(0, 40)} is not supported; send the body as it is.`)
  }
  const bytes = await readBytes(request, rules.limit)
  if (!bytes.ok) return bytes
  if (bytes.value.byteLength === 0) return ok({})
  const contentType = request.headers.get('content-type')
  if (contentType === null ? !rules.tolerant : !isJson(contentType)) {
    return fail('unsupported-media-type', 'Send the body as JSON in UTF-8, with `Content-Type: application/json`.')
  }
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(bytes.value))
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not valid JSON' : 'is not valid UTF-8'
    return fail('invalid-request', `The body ${why}.`, { issues: [{ path: '', message: `the body ${why}` }] })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail('invalid-request', 'The body must be a JSON object.', { issues: [{ path: '', message: 'must be a JSON object' }] })
  }
  if (isFlat(value)) return ok(value as Record<string, unknown>)
  if (tooDeep(value)) {
    const message = `must not be nested deeper than ${limits.json_depth} levels`
    return fail('invalid-request', `The body ${message}.`, { issues: [{ path: '', message }] })
  }
  const path = prototypePath(value)
  if (path !== undefined) {
    const message = 'is not a name that a field may have'
    return fail('invalid-request', `\`${path}\` ${message}.`, { issues: [{ path, message }] })
  }
  return ok({ ...value })
}
