/** Responsible for uploads of files: reserved by the tenant object, streamed to R2, then kept or deleted as a whole. */
import { type Artifact, limits } from '@modelreins/contract'
import { artifactKey } from '../../domain/artifact/artifact.ts'
import { type Result, fail, ok } from '../../domain/result.ts'
import { archiveFailed } from '../../telemetry/edge-events.ts'
import { type ArtifactFields, fieldsOfHeaders, namingOf, parseFields } from './artifact-fields.ts'
import { ArtifactSink } from './artifact-sink.ts'
import { newArtifactSlug } from './artifact-slug.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { signingKeys } from '../access/gatekeeper.ts'
import { type ReceivedFile, discardBody, receiveFile } from './receive-artifact.ts'
import { askTenant, tenantOf } from '../tenant-call.ts'

type Upload = Exchange<'artifacts.upload'>

interface Arriving {
  readonly exchange: Upload
  readonly tenant: string
  readonly slug: string
  readonly sink: ArtifactSink
  /** True on our own path, where unknown fields are errors; on the seeds' path they are ignored. */
  readonly strict: boolean
  /** The fields from query and headers, which are known before the body. */
  readonly given: Readonly<Record<string, string>>
}

const archiveDown = fail('unavailable', 'The archive (R2) is temporarily unavailable. Retry after 2 s.', { retry_after_ms: 2_000 })

/** The fields from query and headers. The query is parsed already; it becomes text again, to be parsed together with the other sources. */
const givenEarly = ({ input, request }: Upload): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(Object.entries(input).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))),
  ...fieldsOfHeaders(request.headers),
})

const keyPattern = /^[\x20-\x7e]{1,200}$/

function idempotencyKey(request: Request): Result<string | null> {
  const key = request.headers.get('idempotency-key')
  if (key === null || keyPattern.test(key)) return ok(key)
  const message = 'must be 1 to 200 printable characters'
  return fail('invalid-request', `Idempotency-Key ${message}.`, { issues: [{ path: 'idempotency_key', message }] })
}

/** Receives the file; an error of R2 becomes the failure `unavailable`. */
async function arrive({ exchange, sink, strict }: Arriving): Promise<Result<ReceivedFile>> {
  try {
    return await receiveFile(exchange.request, sink, strict)
  } catch (error) {
    archiveFailed({ request_id: exchange.request_id, operation: exchange.id }, error)
    return archiveDown
  }
}

interface Complete {
  readonly file: ReceivedFile
  readonly fields: ArtifactFields
}

/** The received file with its fields; fails when the digest from the sender does not match the bytes. */
async function complete(arriving: Arriving): Promise<Result<Complete>> {
  const file = await arrive(arriving)
  if (!file.ok) return file
  const fields = parseFields({ ...arriving.given, ...file.value.fields }, !arriving.strict)
  if (!fields.ok) return fields
  const { sha256 } = file.value
  if (fields.value.sha256 !== undefined && fields.value.sha256 !== sha256) {
    return fail('conflict', `SHA-256 mismatch: the received bytes have ${sha256}, not the declared digest. Nothing was stored.`)
  }
  return ok({ file: file.value, fields: fields.value })
}

async function keep({ exchange, slug }: Arriving, { file, fields }: Complete): Promise<Result<Artifact>> {
  const { request_id } = exchange
  const { credential } = exchange.caller
  const upload = {
    ...namingOf(fields, file),
    size_bytes: file.size_bytes,
    sha256: file.sha256,
    job_id: fields.job_id,
    review_id: fields.review_id,
    share: fields.share === true,
    expires_at: fields.expires_at === undefined ? null : Date.parse(fields.expires_at),
  }
  return askTenant(exchange, (gate) => gate.keepArtifact({ credential, slug, upload, request_id }), true)
}

/** Removes all traces of a failed upload. What fails here is cleaned up when the reservation expires. */
async function takeBack({ exchange, slug, sink }: Arriving): Promise<void> {
  const { request_id } = exchange
  const { credential } = exchange.caller
  try {
    await sink.abandon()
  } catch (error) {
    archiveFailed({ request_id, operation: exchange.id }, error)
  }
  await askTenant(exchange, (gate) => gate.releaseArtifact({ credential, slug, request_id }), true)
}

async function receive(arriving: Arriving): Promise<Reply> {
  const whole = await complete(arriving)
  const kept = whole.ok ? await keep(arriving, whole.value) : whole
  // After `unavailable` the object may have kept the artifact, so do not delete it; if not, the reservation expires by itself.
  const unknown = whole.ok && !kept.ok && kept.failure.code === 'unavailable'
  if (kept.ok || unknown) return kept
  await takeBack(arriving)
  return kept
}

/** Answers a repeated upload: compares its bytes with the kept artifact and drops them. */
async function repeat(arriving: Omit<Arriving, 'sink' | 'slug'>, earlier: Artifact): Promise<Reply> {
  const sink = new ArtifactSink(null, '', limits.artifact_bytes)
  const whole = await complete({ ...arriving, sink, slug: earlier.slug })
  if (!whole.ok) return whole
  const { job_id = null, review_id = null } = whole.value.fields
  const byLease = arriving.exchange.caller.kind === 'lease'
  const same = whole.value.file.sha256 === earlier.sha256 && (byLease || job_id === earlier.job_id) && review_id === earlier.review_id
  return same
    ? { ...ok(earlier), replayed: true }
    : fail('idempotency-conflict', `The idempotency key was used for another file: ${earlier.filename}, SHA-256 ${earlier.sha256}.`)
}

async function refuse(request: Request, refusal: Result<never>): Promise<Reply> {
  await discardBody(request)
  return refusal
}

export async function uploadArtifact(exchange: Upload): Promise<Reply> {
  const keys = signingKeys(exchange)
  if (!keys.ok) return keys
  const tenant = tenantOf(exchange)
  if (tenant === undefined) return fail('forbidden', 'This token does not belong to a tenant.')
  const { request, request_id, ports, env } = exchange
  const { credential } = exchange.caller
  const strict = new URL(request.url).pathname === exchange.row.path
  const given = givenEarly(exchange)
  const slug = newArtifactSlug(tenant, keys.value[0], ports.random)
  const early = parseFields(given, !strict)
  const key = idempotencyKey(request)
  const place = early.ok ? { job_id: early.value.job_id, review_id: early.value.review_id } : {}
  const reservation = { credential, slug, place, idempotency_key: key.ok ? key.value : null, request_id }
  // Reserve before reporting other errors, so that a caller with an invalid token does not learn about them.
  const reserved = await askTenant(exchange, (gate) => gate.reserveArtifact(reservation), true)
  if (!reserved.ok) return refuse(request, reserved)
  const arriving = { exchange, tenant, slug, strict, given }
  const { earlier } = reserved.value
  if (earlier !== null) return repeat(arriving, earlier)
  const sink = new ArtifactSink(env.ARCHIVE, artifactKey(tenant, slug), limits.artifact_bytes)
  const refused = !early.ok ? early : !key.ok ? key : undefined
  if (refused === undefined) {
    const received = receive({ ...arriving, sink })
    ports.outlive?.(received)
    return received
  }
  await takeBack({ ...arriving, sink })
  return refuse(request, refused)
}
