/**
 * Responsible for verifying an export of the audit trail beside the page, so that the page stays quick. It is handed the export in pieces,
 * asks no server for anything, and says how far it is.
 */
import { BrowserBuffer } from './browser-buffer.ts'
import type { FromVerifier, ToVerifier } from './messages.ts'
import { parseTrust } from '../../worker-sdk/src/audit/trust.ts'
import { verifyAudit } from '../../worker-sdk/src/audit/verify.ts'

Object.assign(globalThis, { Buffer: BrowserBuffer })

const waiting: (Uint8Array<ArrayBuffer> | undefined)[] = []
let wake: (() => void) | undefined

async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let lines = 0
  let bytes = 0
  for (;;) {
    if (waiting.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      continue
    }
    const piece = waiting.shift()
    if (piece === undefined) return
    yield piece
    bytes += piece.length
    for (const byte of piece) if (byte === 0x0a) lines += 1
    say({ type: 'progress', lines, bytes })
  }
}

const say = (message: FromVerifier): void => self.postMessage(message, [])

self.addEventListener('message', (event: MessageEvent<ToVerifier>) => {
  const { data } = event
  if (data.type === 'begin') {
    void (async () => {
      try {
        say({ type: 'verdict', verdict: await verifyAudit(pieces(), parseTrust(data.trust)) })
      } catch (error) {
        say({ type: 'fault', message: error instanceof Error ? error.message : String(error) })
      }
    })()
    return
  }
  waiting.push(data.type === 'piece' ? data.bytes : undefined)
  wake?.()
})
