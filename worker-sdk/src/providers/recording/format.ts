/**
 * Responsible for the format of a recording: what a provider's program or server said and when, as one JSON object per line. It records and plays
 * nothing.
 */
import { isObject, numberAt, parseJson, textAt } from '../json.ts'

/** The first line. */
export interface RecordingHead {
  /** Version of this format. */
  readonly recording: 1
  readonly provider: string
  /** The settings that decide how the provider reads its output. */
  readonly output_format?: string
  readonly model?: string
  readonly recorded_at?: string
}

/** `ms` counts from the start of the job. */
export type RecordedEvent =
  | { readonly kind: 'program'; readonly ms: number; readonly args: readonly string[] }
  | { readonly kind: 'stdout' | 'stderr'; readonly ms: number; readonly text: string }
  /** Missing if the program did not exit by itself. */
  | { readonly kind: 'exit'; readonly ms: number; readonly code: number }
  | { readonly kind: 'request'; readonly ms: number; readonly method: string; readonly path: string }
  | { readonly kind: 'answer'; readonly ms: number; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'body'; readonly ms: number; readonly text: string }
  /** How the connection ended; missing if it stayed open. */
  | { readonly kind: 'end' | 'broken'; readonly ms: number }
  /** The outcome, for comparison by people. */
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
      return undefined // from a later version, or the outcome
  }
}

/** The last recording of a file, which may contain several jobs. Throws an error that names the first invalid line. */
export const parseRecording = (text: string): Recording => {
  const lines = text.split('\n')
  headOf(lines[0])
  const begins = lines.findLastIndex((line) => line.startsWith('{"recording":'))
  const from = Math.max(0, begins)
  const events = lines.slice(from + 1).flatMap((line, index) => (line.trim() === '' ? [] : [eventOf(line, from + index + 2)]))
  return { head: headOf(lines[from]), events: events.filter((event) => event !== undefined) }
}
