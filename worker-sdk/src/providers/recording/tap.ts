/** Responsible for recording what a provider's program or server says while a job runs, with secrets redacted. */
import type { RecordedEvent, RecordingHead } from './format.ts'

/** What a provider reports while it runs. */
export interface Tap {
  program(args: readonly string[]): void
  text(kind: 'stdout' | 'stderr' | 'body', text: string): void
  exit(code: number): void
  request(method: string, url: string): void
  answer(status: number, headers: Readonly<Record<string, string>>): void
  end(kind: 'end' | 'broken'): void
}

export interface TapPorts {
  /** Writes one line of the recording, including its line end. */
  readonly write: (line: string) => void
  readonly now: () => number
  readonly redact: (text: string) => string
}

/** Headers that decide how an answer is read, or when to try again. They never contain cookies or keys. */
const wanted = /^(?:content-type|content-encoding|transfer-encoding|server|via|x-request-id)$|retry|rate-?limit|reset/

/** Text is held until its line ends, because a secret that is split between two pieces would not be recognised. */
const longestHeld = 64 * 1024

/** Starts the recording of one job. `end` writes the text that is still held. */
export const createTap = (head: RecordingHead, ports: TapPorts): { readonly tap: Tap; end(outcome?: object): void } => {
  const began = ports.now()
  const held = new Map<'stdout' | 'stderr' | 'body', { ms: number; text: string }>()
  const ms = (): number => Math.max(0, Math.round(ports.now() - began))
  const write = (event: RecordedEvent | RecordingHead): void => ports.write(`${JSON.stringify(event)}\n`)
  const release = (kind: 'stdout' | 'stderr' | 'body', all: boolean): void => {
    const piece = held.get(kind)
    if (piece === undefined) return
    const cut = all || piece.text.length > longestHeld ? piece.text.length : piece.text.lastIndexOf('\n') + 1
    if (cut === 0) return
    write({ kind, ms: piece.ms, text: ports.redact(piece.text.slice(0, cut)) })
    if (cut === piece.text.length) held.delete(kind)
    else held.set(kind, { ms: ms(), text: piece.text.slice(cut) })
  }
  const releaseAll = (): void => {
    for (const kind of ['stdout', 'stderr', 'body'] as const) release(kind, true)
  }
  write(head)
  const tap: Tap = {
    program: (args) => write({ kind: 'program', ms: ms(), args: args.map(ports.redact) }),
    text(kind, text) {
      const before = held.get(kind)
      held.set(kind, before === undefined ? { ms: ms(), text } : { ms: before.ms, text: before.text + text })
      release(kind, false)
    },
    exit(code) {
      releaseAll()
      write({ kind: 'exit', ms: ms(), code })
    },
    request(method, url) {
      // The host is private and not recorded; the path shows which API was called.
      write({ kind: 'request', ms: ms(), method, path: ports.redact(new URL(url).pathname) })
    },
    answer(status, headers) {
      const kept = Object.entries(headers).filter(([name]) => wanted.test(name))
      write({ kind: 'answer', ms: ms(), status, headers: Object.fromEntries(kept.map(([name, value]) => [name, ports.redact(value)])) })
    },
    end(kind) {
      releaseAll()
      write({ kind, ms: ms() })
    },
  }
  return {
    tap,
    end(outcome) {
      releaseAll()
      if (outcome !== undefined) ports.write(`${JSON.stringify({ kind: 'outcome', ms: ms(), ...outcome })}\n`)
    },
  }
}
