/** Responsible for admitting a caller to the event feed: what they may see, what they asked for, and when their access ends. */
import type { Parsed } from '@modelreins/contract'
import { sessionExpiry } from '../../../src/domain/session/session.ts'
import { fail } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { Caller } from '../kernel/context.ts'
import type { CallCredential } from '../kernel/credential.ts'
import type { Host } from '../kernel/host.ts'

export function followEvents(host: Host, caller: Caller, credential: CallCredential, query: Parsed<'events.follow'>): Result<WebSocket> {
  const { after, ...filter } = query
  if (!('credential' in credential)) return fail('forbidden', 'Events are for members and workers: send a member key or a worker token.')
  const by = { filter, credential: credential.credential }
  if (caller.kind === 'worker') {
    const { worker_id } = caller.worker
    return host.live.feed.accept({ ...by, viewer: { kind: 'worker', worker_id }, owner: worker_id, until: null }, after)
  }
  if (caller.kind !== 'member') return fail('forbidden', 'Events are for members and workers: send a member key or a worker token.')
  const { member_id, role } = caller.member
  const session = caller.session === undefined ? undefined : host.store.sessions.find(caller.session)
  const until = session === undefined ? null : sessionExpiry(session)
  return host.live.feed.accept({ ...by, viewer: { kind: 'member', role }, owner: member_id, until }, after)
}
