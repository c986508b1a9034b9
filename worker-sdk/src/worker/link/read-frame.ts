/**
 * Responsible for reading the server's frames tolerantly: a server of another version may send unknown fields and lack known ones. It handles
 * nothing.
 */
import { issueInWords, issuesOf, serverFrame, type ServerFrame } from '@modelreins/contract'
import * as z from 'zod'

export type ReadFrame = { readonly ok: true; readonly frame: ServerFrame } | { readonly ok: false; readonly why: string }

/** The fields of an offer that are needed to run its job. The executor reads the job's other fields. */
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
 * Recognises the frames that every job causes without the schema, which takes longer than all other work for a job here. It rejects nothing: the
 * schemas judge every frame that it does not recognise. A test checks that both agree.
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
  // An executor must treat job fields of later versions as optional, because an older server does not send them.
  if (lean.success) return { ok: true, frame: lean.data as unknown as ServerFrame }
  const [issue] = issuesOf(parsed.error, value)
  const type = typeof value === 'object' && value !== null && 'type' in value ? String(value.type) : 'without a type'
  return {
    ok: false,
    why: `The server sent a frame that this version cannot read (${type}: ${issue === undefined ? '' : issueInWords(issue)})`,
  }
}
