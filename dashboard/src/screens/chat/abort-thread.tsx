/** Responsible for the button that aborts a conversation: it counts the jobs first and shows the count in its label. */
import { useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { BulkDialog } from '../jobs/bulk.tsx'

export function AbortThread({ thread, running }: { readonly thread: string; readonly running: number }) {
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Button look="danger" disabled={running === 0} onClick={() => setAsking(true)}>
        Abort thread
      </Button>
      {asking ? (
        <BulkDialog verb="abort" chosen={{ kind: 'filter', filter: { thread_id: thread } }} onClose={() => setAsking(false)} />
      ) : null}
    </>
  )
}
