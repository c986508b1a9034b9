/** Responsible for downloads of files: the tenant object authorizes them, R2 has the bytes, and browsers must not run their content. */
import type { Artifact } from '@modelreins/contract'
import type { TenantGate } from '../../../durable-objects/tenant/call.ts'
import { artifactKey } from '../../domain/artifact/artifact.ts'
import { type Result, fail, ok } from '../../domain/result.ts'
import { archiveFailed } from '../../telemetry/edge-events.ts'
import { ownerOfSlug } from './artifact-slug.ts'
import { type Caller, anonymousCaller, unauthorized } from '../access/authenticate.ts'
import { type ByteRange, namesTag, parseRange } from '../http/byte-range.ts'
import { attachment } from '../http/content-disposition.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { signingKeys } from '../access/gatekeeper.ts'
import { callObject, tenantOf } from '../tenant-call.ts'

type Download = Exchange<'artifacts.download'>

const noArtifact = fail('not-found', 'There is no such artifact.')
const archiveDown = fail('unavailable', 'The archive (R2) is temporarily unavailable. Retry after 2 s.', { retry_after_ms: 2_000 })

const ask = <Value>(exchange: Download, tenant: string, call: (gate: TenantGate) => Promise<Result<Value>>): Promise<Result<Value>> =>
  callObject(exchange, { object: 'tenant', operation: exchange.id, idempotent: true }, () =>
    call(exchange.ports.tenant(exchange.env, tenant)),
  )

const locateAs = (exchange: Download, tenant: string, caller: Caller): Promise<Result<Artifact>> => {
  const { input, request_id } = exchange
  const { credential } = caller
  return ask(exchange, tenant, (gate) => gate.locateArtifact({ credential, slug: input.slug, request_id }))
}

/** `not-found` if the token is valid in its own tenant; else the failure of the token. */
async function notFoundFor(exchange: Download, tenant: string): Promise<Result<never>> {
  const { caller, request_id } = exchange
  if (caller.kind === 'lease') return noArtifact
  const { credential } = caller
  const known = await ask(exchange, tenant, (gate) => gate.authorize({ credential, scope: 'artifacts.read', request_id }))
  return known.ok ? noArtifact : known
}

interface Located {
  readonly tenant: string
  readonly artifact: Artifact
}

/**
 * The artifact, if the caller may read it. Without a token, every artifact that is not shared gives 401, whether it exists or not. An artifact
 * of another tenant is found only when it is shared.
 */
async function locate(exchange: Download): Promise<Result<Located>> {
  const keys = signingKeys(exchange)
  if (!keys.ok) return keys
  const owner = ownerOfSlug(exchange.input.slug, keys.value)
  const own = tenantOf(exchange)
  if (own !== undefined && owner?.tenant === own) {
    const found = await locateAs(exchange, own, exchange.caller)
    return found.ok ? ok({ tenant: own, artifact: found.value }) : found
  }
  if (owner !== undefined && owner.genuine) {
    const shared = await locateAs(exchange, owner.tenant, anonymousCaller)
    if (shared.ok) return ok({ tenant: owner.tenant, artifact: shared.value })
    if (shared.failure.code !== 'unauthorized') return shared
  }
  return own === undefined ? unauthorized : notFoundFor(exchange, own)
}

/**
 * Media types that a page of this origin could load although the file is an attachment: scripts, styles, modules. Saving a file does not need
 * its type. The words match anywhere in the type, because browsers also run versioned types (`text/javascript1.5`).
 */
const runnable = /^[^;]*(?:(?:java|ecma|live|j)script|css|wasm|xslt?\b)/i

function headersOf(artifact: Artifact): Headers {
  return new Headers({
    'content-type': runnable.test(artifact.content_type) ? 'application/octet-stream' : artifact.content_type,
    'content-disposition': attachment(artifact.filename),
    // Caches must revalidate each time: the bytes of a slug never change, but the right to read them may.
    'cache-control': artifact.share ? 'public, no-cache' : 'private, no-store',
    etag: `"${artifact.sha256}"`,
    'accept-ranges': 'bytes',
    'repr-digest': `sha-256=:${Buffer.from(artifact.sha256, 'hex').toString('base64')}:`,
    ...(artifact.share ? {} : { vary: 'authorization' }),
  })
}

async function bytesOf(exchange: Download, located: Located, range: ByteRange | undefined): Promise<Result<ReadableStream>> {
  const { tenant, artifact } = located
  try {
    const found = await exchange.env.ARCHIVE.get(artifactKey(tenant, artifact.slug), range === undefined ? {} : { range })
    return found === null ? fail('gone', 'The bytes of this artifact have been erased.') : ok(found.body)
  } catch (error) {
    archiveFailed({ request_id: exchange.request_id, operation: exchange.id }, error)
    return archiveDown
  }
}

/** The requested range. It is ignored when If-Range names other bytes, and in a HEAD request (RFC 9110, section 14.2). */
function rangeOf(request: Request, size: number, tag: string): ReturnType<typeof parseRange> {
  const condition = request.headers.get('if-range')
  const counts = request.method === 'GET' && (condition === null || condition.trim() === tag)
  return counts ? parseRange(request.headers.get('range'), size) : 'whole'
}

export async function downloadArtifact(exchange: Download): Promise<Reply> {
  const { request } = exchange
  if (exchange.caller.kind === 'master') return fail('forbidden', 'The master token creates and suspends tenants, and nothing inside them.')
  const located = await locate(exchange)
  if (!located.ok) return located
  const { artifact } = located.value
  const headers = headersOf(artifact)
  const tag = `"${artifact.sha256}"`
  if (namesTag(request.headers.get('if-none-match'), tag)) {
    headers.delete('content-type')
    return new Response(null, { status: 304, headers })
  }
  const range = rangeOf(request, artifact.size_bytes, tag)
  if (range === 'unsatisfiable') {
    return new Response(null, { status: 416, headers: { 'content-range': `bytes */${artifact.size_bytes}` } })
  }
  const part = range === 'whole' ? undefined : range
  const length = part?.length ?? artifact.size_bytes
  if (part !== undefined) headers.set('content-range', `bytes ${part.offset}-${part.offset + part.length - 1}/${artifact.size_bytes}`)
  if (request.method === 'HEAD' || length === 0) {
    headers.set('content-length', String(length))
    return new Response(null, { headers })
  }
  const body = await bytesOf(exchange, located.value, part)
  if (!body.ok) return body
  return new Response(body.value.pipeThrough(new FixedLengthStream(length)), { status: part === undefined ? 200 : 206, headers })
}
