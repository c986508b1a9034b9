/** Responsible for following one job's output while a screen shows it: chunks by attempt, gaps, the end. It draws nothing. */
import { useEffect, useReducer, useRef } from 'react'
import { client } from '../api/client.ts'
import { refresh } from '../api/queries.ts'
import { TerminalLines, type Origin } from './terminal-lines.ts'

export interface JobOutput {
  readonly attempts: ReadonlyMap<number, TerminalLines>
  /** Output of the newest attempt as it was written; shown as the answer while it streams. */
  readonly text: string
  readonly state: 'opening' | 'streaming' | 'ended' | 'broken'
  readonly error: unknown
}

const origin = (stream: string): Origin => (stream === 'stderr' ? 'stderr' : stream === 'system' ? 'system' : 'stdout')
/** Of a longer live text only the end is shown, in characters. */
const liveChars = 200_000

interface Kept {
  attempts: Map<number, TerminalLines>
  text: string
  newest: number
  state: JobOutput['state']
  error: unknown
}
const nothing = (): Kept => ({ attempts: new Map(), text: '', newest: 0, state: 'opening', error: undefined })

/** `running`: when an ended job runs again, it is followed again; when it ends, the output stays. */
export function useJobOutput(jobId: number, running: boolean): JobOutput {
  const kept = useRef<Kept>(nothing())
  const [, draw] = useReducer((count: number) => count + 1, 0)
  const [round, again] = useReducer((count: number) => count + 1, 0)
  useEffect(() => {
    const { state } = kept.current
    if (running && (state === 'ended' || state === 'broken')) again()
  }, [running])
  useEffect(() => {
    const controller = new AbortController()
    const state = nothing()
    kept.current = state
    let frame = 0
    const later = (): void => {
      frame ||= requestAnimationFrame(() => {
        frame = 0
        draw()
      })
    }
    const attempt = (number: number): TerminalLines => {
      const found = state.attempts.get(number) ?? new TerminalLines()
      state.attempts.set(number, found)
      return found
    }
    const follow = async (): Promise<void> => {
      try {
        for await (const event of client.stream(jobId, { signal: controller.signal })) {
          if (event.event === 'output') {
            const { data } = event
            state.state = 'streaming'
            if (data.attempt > state.newest) {
              state.newest = data.attempt
              state.text = ''
            }
            attempt(data.attempt).push(data.text, origin(data.stream))
            if (data.stream === 'stdout' && data.attempt === state.newest) state.text = (state.text + data.text).slice(-liveChars)
          } else if (event.event === 'gap') attempt(state.newest || 1).gap(event.data.from, event.data.to)
          else {
            state.state = 'ended'
            void refresh('jobs')
          }
          later()
        }
      } catch (error) {
        if (controller.signal.aborted) return
        state.state = 'broken'
        state.error = error
        later()
      }
    }
    draw()
    void follow()
    return () => {
      controller.abort()
      cancelAnimationFrame(frame)
    }
  }, [jobId, round])
  return kept.current
}
