/** Responsible for the operational events of the job-stream object, one function each. They contain ids and codes, no output and no prompt text. */
import { logLine } from './log.ts'

/** R2 did not accept the transcript of an ended job; the object keeps the output and tries again. */
export const transcriptFailed = (at: { readonly tenant: string; readonly job_id: number }, error: unknown): void =>
  logLine('warn', 'job_stream.transcript_failed', { ...at, error: error instanceof Error ? error.message.slice(0, 500) : typeof error })
