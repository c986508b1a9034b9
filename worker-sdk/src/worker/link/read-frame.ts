/**
 * Responsible for reading the server's frames tolerantly: a server of another version sends fields that this one does not know,
 * and lacks some that it does. It handles nothing.
 */
import { issueInWords, issuesOf, serverFrame, type ServerFrame } from '@modelreins/contract'
import * as z from 'zod'

export type ReadFrame = { readonly ok: true; readonly frame: ServerFrame } | { readonly ok: false; readonly why: string }

/** All that running a job needs of an offer; everything else of the job is the executor's to look at. */
const leanOffer = z.looseObject({
  type: z.literal('offer'),
  job: z.looseObject({
    id: z.number().int(),
    prompt: z.string(),
    timeout: z.number().default(3_600),
    context: z.string().default('none'),
    requires_secrets: z.array(z.string()).default([]),
  }),
  lease: z.looseObject({ token: z.string(), attempt: z.number().int() }),
})

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

const isText = (value: unknown): value is string => typeof value === 'string'

/**
 * The frames that every job brings, read without the schema's machinery, which takes longer than all else that is done for a job here. It
 * refuses nothing: what it does not take for sure is for the schemas to judge. A test holds both together.
 */
function isHot(frame: Fields): boolean {
  const { type, ref } = frame
  if (type === 'settled')
    return Number.isSafeInteger(ref) && Number(ref) >= 0 && Number.isSafeInteger(frame['job_id']) && isText(frame['status'])
  if (type === 'started')
    return Number.isSafeInteger(ref) && Number(ref) >= 0 && Number.isSafeInteger(frame['attempt']) && isText(frame['expires_at'])
  const { job, lease } = frame
  if (type !== 'offer' || !isFields(job) || !isFields(lease)) return false
  const { requires_secrets } = job
  return (
    Number.isSafeInteger(job['id']) &&
    isText(job['prompt']) &&
    Number.isFinite(job['timeout']) &&
    isText(job['context']) &&
    Array.isArray(requires_secrets) &&
    requires_secrets.every(isText) &&
    isText(lease['token']) &&
    Number.isSafeInteger(lease['attempt'])
  )
}

export function readFrame(value: unknown): ReadFrame {
  if (isFields(value) && isHot(value)) return { ok: true, frame: value as unknown as ServerFrame }
  const parsed = serverFrame.safeParse(value)
  if (parsed.success) return { ok: true, frame: parsed.data }
  const lean = leanOffer.safeParse(value)
  // Job fields of later versions are optional to whoever reads a job of an earlier server.
  if (lean.success) return { ok: true, frame: lean.data as unknown as ServerFrame }
  const [issue] = issuesOf(parsed.error, value)
  const type = typeof value === 'object' && value !== null && 'type' in value ? String(value.type) : 'without a type'
  return {
    ok: false,
    why: `The server sent a frame that this version cannot read (${type}: ${issue === undefined ? '' : issueInWords(issue)})`,
  }
}
