/**
 * Responsible for why a present worker is offered no jobs (its account is out of quota, or its circuit breaker is open), and for ending that state.
 */
import type { Worker } from '@modelreins/contract'
import { useState } from 'react'
import { client } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Button } from '../../parts/button.tsx'
import { Notice } from '../../parts/notices.tsx'
import { plural, Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'

export function Held({ worker }: { readonly worker: Worker }) {
  const mayManage = useMay('workers.manage')
  const [busy, setBusy] = useState(false)
  const act = async (work: () => Promise<unknown>, words: string): Promise<void> => {
    setBusy(true)
    try {
      await work()
      say(words)
      await refresh('workers', 'presence', 'jobs')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  if (worker.revoked_at !== null) return null
  const ref = { worker_id: worker.worker_id }
  const parked = worker.parked_until ?? null
  const breaker = worker.breaker ?? null
  return (
    <>
      {parked === null ? null : (
        <Notice tone="warn" title="Parked: its account is out of quota">
          <p>
            Nothing is offered to it{worker.config.account === undefined ? '' : ', nor to other workers of its account,'} until{' '}
            <Time at={parked} />. Its jobs go to others.
          </p>
          {mayManage ? (
            <Button
              className="mt-2"
              busy={busy}
              onClick={() => void act(() => client.call('workers.unpark', ref), `${worker.name} is offered work again.`)}
            >
              Offer it work now
            </Button>
          ) : (
            <p className="text-soft">An operator or owner may end this earlier.</p>
          )}
        </Notice>
      )}
      {breaker === null ? null : (
        <Notice tone="warn" title={breaker.state === 'open' ? 'Its circuit breaker is open' : 'Its circuit breaker is half open'}>
          <p>
            {plural(breaker.faults, 'attempt')} ended by a fault of this worker
            {breaker.last_fault === null ? '' : `, the last one: ${breaker.last_fault}`}.{' '}
            {breaker.state === 'open' ? (
              <>
                It is offered nothing{breaker.until === null ? '' : ' until '}
                {breaker.until === null ? null : <Time at={breaker.until} />}; then one job is tried.
              </>
            ) : (
              'One job is tried: when it ends well, the breaker closes.'
            )}
          </p>
          {mayManage ? (
            <Button
              className="mt-2"
              busy={busy}
              onClick={() => void act(() => client.call('workers.resume', ref), `The circuit breaker of ${worker.name} is closed.`)}
            >
              Close the breaker
            </Button>
          ) : (
            <p className="text-soft">An operator or owner may close it earlier.</p>
          )}
        </Notice>
      )}
    </>
  )
}
