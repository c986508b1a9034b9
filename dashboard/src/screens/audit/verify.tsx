/** Responsible for "Verify in this browser": the export streams into a Web Worker, which checks every hash, link, head and signature. */
import { useEffect, useRef, useState } from 'react'
import type { FromVerifier, ToVerifier, Verdict } from '../../../verifier/messages.ts'
import { client, sentence } from '../../api/client.ts'
import { Button } from '../../parts/button.tsx'
import { Notice } from '../../parts/notices.tsx'
import { bytesWords, numberWords, plural, Time } from '../../parts/time.tsx'

type State =
  | { readonly step: 'idle' }
  | { readonly step: 'running'; readonly lines: number; readonly bytes: number }
  | { readonly step: 'verdict'; readonly verdict: Verdict }
  | { readonly step: 'fault'; readonly message: string }

async function feed(worker: Worker, signal: AbortSignal): Promise<void> {
  const send = (message: ToVerifier, transfer: Transferable[] = []): void => worker.postMessage(message, transfer)
  const heads = await client.call('audit.heads', { limit: 200 }, { signal })
  send({ type: 'begin', trust: JSON.stringify(heads) })
  const response = await client.call('audit.export', {}, { signal, timeoutMs: 24 * 3_600_000 })
  if (!(response instanceof Response) || response.body === null) throw new Error('The export has no body.')
  const reader = response.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    const bytes = new Uint8Array(value)
    send({ type: 'piece', bytes }, [bytes.buffer])
  }
  send({ type: 'end' })
}

function Result({ verdict }: { readonly verdict: Verdict }) {
  if (verdict.fault !== null) {
    return (
      <Notice
        tone="bad"
        title={verdict.fault.seq === null ? 'The trail does not hold' : `Row ${verdict.fault.seq} is the first bad row`}
        live
      >
        <p>
          <strong>{verdict.fault.kind}</strong>: {verdict.fault.detail}. {numberWords(verdict.rows)} rows before it hold.
        </p>
        <p className="mt-1">Keep an export now, and compare the signed heads that were kept elsewhere.</p>
      </Notice>
    )
  }
  return (
    <Notice tone="good" title={`${numberWords(verdict.rows)} rows verified`} live>
      <p>
        {verdict.rows === 0 ? 'There are no rows yet. ' : `Rows ${verdict.first_seq} to ${verdict.last_seq}: every hash and link holds. `}
        {plural(verdict.heads, 'signed head holds', 'signed heads hold')}
        {verdict.proven === null ? '.' : `, the newest at row ${verdict.proven.seq}, signed `}
        {verdict.proven === null ? null : <Time at={verdict.proven.at} />}
      </p>
      {verdict.passkeys.length === 0 ? null : (
        <ul aria-label="Signed decisions" className="mt-1">
          {verdict.passkeys.map((passkey) => (
            <li key={passkey.fingerprint}>
              {numberWords(passkey.decisions)} signed by <span className="foreign">{`${passkey.member}’s passkey ${passkey.name}`}</span>:
              every signature holds
              {passkey.pinned === 'in-file' ? ', but its registration is not in this trail' : ''}.{' '}
              <code className="font-mono text-xs text-soft break-all">{passkey.fingerprint}</code>
            </li>
          ))}
        </ul>
      )}
    </Notice>
  )
}

export function Verify() {
  const [state, setState] = useState<State>({ step: 'idle' })
  const stop = useRef<() => void>(undefined)
  useEffect(() => () => stop.current?.(), [])
  const start = (): void => {
    const worker = new Worker(new URL('../../../verifier/verify.worker.ts', import.meta.url), { type: 'module' })
    const controller = new AbortController()
    const end = (): void => {
      controller.abort()
      worker.terminate()
    }
    stop.current = end
    setState({ step: 'running', lines: 0, bytes: 0 })
    worker.addEventListener('message', ({ data }: MessageEvent<FromVerifier>) => {
      if (data.type === 'progress') return setState({ step: 'running', lines: data.lines, bytes: data.bytes })
      setState(data.type === 'verdict' ? { step: 'verdict', verdict: data.verdict } : { step: 'fault', message: data.message })
      end()
    })
    worker.addEventListener('error', (event) => {
      setState({ step: 'fault', message: event.message || 'The verifier could not be started.' })
      end()
    })
    feed(worker, controller.signal).catch((error: unknown) => {
      if (controller.signal.aborted) return
      setState({ step: 'fault', message: sentence(error) })
      end()
    })
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Button look="primary" busy={state.step === 'running'} onClick={start}>
          Verify in this browser
        </Button>
        {state.step === 'running' ? (
          <>
            <span role="status" className="text-soft">
              {numberWords(state.lines)} lines, {bytesWords(state.bytes)}
            </span>
            <Button
              onClick={() => {
                stop.current?.()
                setState({ step: 'idle' })
              }}
            >
              Stop
            </Button>
          </>
        ) : null}
      </div>
      {state.step === 'verdict' ? <Result verdict={state.verdict} /> : null}
      {state.step === 'fault' ? (
        <Notice tone="bad" title="It could not be verified" live>
          {state.message}
        </Notice>
      ) : null}
    </div>
  )
}
