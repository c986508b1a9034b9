/**
 * Responsible for what a recording is: one JSON object a line, of what a provider's program or server said, and when. It records and plays
 * nothing.
 */
import { isObject, numberAt, parseJson, textAt } from '../json.ts'

/** The first line. */
export interface RecordingHead {
  /** Version of this format. */
  readonly recording: 1
  readonly provider: string
  /** What the provider was set to, as far as it decides how it reads. */
  readonly output_format?: string
  readonly model?: string
  readonly recorded_at?: string
}

/** `ms` counts from the beginning of the job. */
export type RecordedEvent =
  | { readonly kind: 'program'; readonly ms: number; readonly args: readonly string[] }
  | { readonly kind: 'stdout' | 'stderr'; readonly ms: number; readonly text: string }
  /** Missing where the program did not exit by itself. */
  | { readonly kind: 'exit'; readonly ms: number; readonly code: number }
  | { readonly kind: 'request'; readonly ms: number; readonly method: string; readonly path: string }
  | { readonly kind: 'answer'; readonly ms: number; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'body'; readonly ms: number; readonly text: string }
  /** How the connection ended; missing where it was left open. */
  | { readonly kind: 'end' | 'broken'; readonly ms: number }
  /** What became of it, for people who compare. */
  | { readonly kind: 'outcome'; readonly ms: number; readonly exit_code: number; readonly error?: string; readonly result_bytes?: number }

export interface Recording {
  readonly head: RecordingHead
  readonly events: readonly RecordedEvent[]
}

export const recordingText = ({ head, events }: Recording): string => [head, ...events].map((line) => `${JSON.stringify(line)}\n`).join('')

const headOf = (line: string | undefined): RecordingHead => {
  const value = parseJson(line ?? '')
  const provider = textAt(value, 'provider')
  if (numberAt(value, 'recording') !== 1 || provider === undefined) {
    throw new Error('this is no recording of a provider: its first line is not {"recording": 1, "provider": ...}')
  }
  const output_format = textAt(value, 'output_format')
  const model = textAt(value, 'model')
  return { recording: 1, provider, ...(output_format === undefined ? {} : { output_format }), ...(model === undefined ? {} : { model }) }
}

const eventOf = (line: string, number: number): RecordedEvent | undefined => {
  const value = parseJson(line)
  if (!isObject(value)) throw new Error(`line ${number} of the recording is no JSON object`)
  const ms = numberAt(value, 'ms') ?? 0
  const text = textAt(value, 'text') ?? ''
  switch (value['kind']) {
    case 'program':
      return { kind: 'program', ms, args: [] }
    case 'stdout':
    case 'stderr':
    case 'body':
      return { kind: value['kind'], ms, text }
    case 'exit':
      return { kind: 'exit', ms, code: numberAt(value, 'code') ?? 0 }
    case 'request':
      return { kind: 'request', ms, method: textAt(value, 'method') ?? 'GET', path: textAt(value, 'path') ?? '/' }
    case 'answer': {
      const told = value['headers']
      const headers = isObject(told) ? Object.fromEntries(Object.entries(told).map(([name, one]) => [name, String(one)])) : {}
      return { kind: 'answer', ms, status: numberAt(value, 'status') ?? 200, headers }
    }
    case 'end':
    case 'broken':
      return { kind: value['kind'], ms }
    default:
      return undefined // of a later version, or what became of it
  }
}

/** The last recording of the file, which may hold several jobs. Throws with the line that is wrong. */
export const parseRecording = (text: string): Recording => {
  const lines = text.split('\n')
  headOf(lines[0])
  const begins = lines.findLastIndex((line) => line.startsWith('{"recording":'))
  const from = Math.max(0, begins)
  const events = lines.slice(from + 1).flatMap((line, index) => (line.trim() === '' ? [] : [eventOf(line, from + index + 2)]))
  return { head: headOf(lines[from]), events: events.filter((event) => event !== undefined) }
}
