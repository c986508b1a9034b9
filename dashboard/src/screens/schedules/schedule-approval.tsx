/** Responsible for approving a schedule in advance: the complete job that it would dispatch, the duration of the approval, and who has approved. */
import type { Schedule } from '@modelreins/contract'
import { useState } from 'react'
import { client, sentence } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Choice } from '../../parts/choice.tsx'
import { Json } from '../../parts/json.tsx'
import { LongText } from '../../parts/long-text.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { Notice } from '../../parts/notices.tsx'
import { Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'
import { shortDigest } from '../reviews/digest.ts'

const day = 86_400
const lengths = [1, 7, 30, 90].map((days) => ({ value: String(days * day), name: days === 1 ? 'a day' : `${days} days` }))

function Approve({ schedule, onClose }: { readonly schedule: Schedule; readonly onClose: () => void }) {
  const [length, setLength] = useState(String(7 * day))
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const approve = async (): Promise<void> => {
    setBusy(true)
    setFault('')
    try {
      const { schedule_id, digest } = schedule
      await client.call('schedules.approve', { schedule_id, digest, expires_in: Number(length) })
      say(`Jobs of ${schedule.name} need no further approval until then, or until it changes.`)
      await refresh('schedules')
      onClose()
    } catch (error) {
      setFault(sentence(error))
    } finally {
      setBusy(false)
    }
  }
  const { prompt, ...job } = schedule.job
  const { cron, every, timezone, overlap, catch_up, jitter, starts_at, ends_at, max_runs } = schedule
  const rest = { cron, every, timezone, overlap, catch_up, jitter, starts_at, ends_at, max_runs, job }
  return (
    <Modal title={`Approve ${schedule.name} in advance`} onClose={onClose} wide>
      <p className="text-soft">
        Each job that this schedule dispatches then starts without a review, as long as the schedule is not changed. The member who created
        or last changed the schedule cannot approve it.
      </p>
      <h3 className="mt-3 font-semibold">Prompt</h3>
      <LongText text={prompt} />
      <div className="mt-3">
        <Json value={rest} label="Its rule, and the rest of its job" />
      </div>
      <p className="mt-3 text-sm text-soft">
        Digest of rule and job <code className="font-mono">{shortDigest(schedule.digest)}</code>
      </p>
      <Choice className="mt-3" label="Valid for" value={length} options={lengths} onChange={setLength} />
      {fault === '' ? null : (
        <div className="mt-3">
          <Notice tone="bad" live>
            {fault}
          </Notice>
        </div>
      )}
      <Choices leave="Leave it" onLeave={onClose}>
        <Button look="primary" busy={busy} onClick={() => void approve()}>
          Approve its jobs
        </Button>
      </Choices>
    </Modal>
  )
}

/** Draws nothing for a job without a capability, since such a job never needs an approval. */
export function ScheduleApproval({ schedule }: { readonly schedule: Schedule }) {
  const me = useMe()
  const mayDecide = useMay('reviews.decide')
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  if (schedule.job.capability === undefined) return null
  const revoke = async (): Promise<void> => {
    setBusy(true)
    try {
      await client.call('schedules.revoke_approval', { schedule_id: schedule.schedule_id })
      say(`Each job of ${schedule.name} needs a review again.`)
      await refresh('schedules')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  const { approvals } = schedule
  const mine = approvals.some((one) => one.void === undefined && one.by === `member:${me.name}`)
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line pt-3 text-sm">
      <span className="text-soft">Approved in advance</span>
      {approvals.length === 0 ? <span>by nobody: if its capability needs approval, each job waits for a review</span> : null}
      {approvals.map((one) => (
        <span key={`${one.by} ${one.at}`} className="flex flex-wrap items-center gap-1.5">
          <Badge tone={one.void === undefined ? 'good' : 'warn'}>
            <span className="truncate foreign">{one.by.replace(/^member:/, '')}</span>
          </Badge>
          <span className="text-soft foreign">
            {one.void === undefined ? 'until ' : `no longer valid: ${one.void}`}
            {one.void === undefined ? <Time at={one.expires_at} /> : null}
          </span>
        </span>
      ))}
      {mayDecide ? (
        <span className="ml-auto flex gap-2">
          {mine ? null : (
            <Button className="min-h-8 text-sm" aria-label={`Approve in advance... ${schedule.name}`} onClick={() => setAsking(true)}>
              Approve in advance...
            </Button>
          )}
          {approvals.length === 0 ? null : (
            <Button
              className="min-h-8 text-sm"
              busy={busy}
              aria-label={`Revoke approvals of ${schedule.name}`}
              onClick={() => void revoke()}
            >
              Revoke
            </Button>
          )}
        </span>
      ) : null}
      {asking ? <Approve schedule={schedule} onClose={() => setAsking(false)} /> : null}
    </div>
  )
}
