/** Responsible for the list of threads: filtering, sorting by last activity (newest first), paging. */
import { limits } from '@modelreins/contract'
import type { Output, Parsed, Thread } from '@modelreins/contract'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { findWorker } from '../queue/commands/dispatch.ts'
import { creatorNamed } from '../queue/commands/jobs.ts'
import { creatorOf } from '../queue/job-view.ts'
import type { ThreadHead, ThreadRecord } from './thread-store.ts'

export function showThread(ctx: CommandContext, thread: ThreadRecord): Thread {
  const sums = ctx.store.threadStore.sums(thread.thread_id)
  return {
    thread_id: thread.thread_id,
    title: thread.title,
    archived: thread.archived,
    defaults: thread.defaults,
    jobs: sums.jobs,
    running: sums.running,
    workers: sums.workers.map((id) => ctx.store.workers.get(id)?.name ?? id),
    members: sums.creators.map((id) => creatorOf(ctx, id) ?? id),
    created_at: isoTime(thread.created_at),
    last_activity: isoTime(Math.max(sums.last_activity, thread.last_activity, thread.created_at)),
  }
}

interface Place {
  readonly last: number
  readonly id: number
}

const first: Place = { last: Number.POSITIVE_INFINITY, id: Number.POSITIVE_INFINITY }

function placeOf(cursor: string | undefined): Result<Place> {
  if (cursor === undefined) return ok(first)
  const [, last, id] = /^(\d{1,15})\.(\d{1,15})$/.exec(cursor) ?? []
  if (last !== undefined && id !== undefined) return ok({ last: Number(last), id: Number(id) })
  return fail('invalid-request', 'Invalid `cursor`: pass the `next_cursor` of the previous page.', {
    issues: [{ path: 'cursor', message: 'pass next_cursor of the page before, unchanged' }],
  })
}

const comesAfter = (place: Place, before: Place): boolean =>
  place.last < before.last || (place.last === before.last && place.id < before.id)

/** Ids of the threads that match the filters; undefined without filters, empty when a filter names an unknown worker or member. */
function chosen(ctx: CommandContext, input: Parsed<'threads.list'>): ReadonlySet<string> | undefined {
  const { threadStore } = ctx.store
  const sets: ReadonlySet<string>[] = []
  if (input.worker !== undefined) {
    const worker = findWorker(ctx, input.worker)
    sets.push(worker === undefined ? new Set() : threadStore.having({ worker_id: worker.worker_id }))
  }
  if (input.member !== undefined) {
    const creator = creatorNamed(ctx, input.member)
    sets.push(creator === undefined ? new Set() : threadStore.having({ created_by: creator }))
  }
  const [one, ...others] = sets
  return one === undefined ? undefined : new Set([...one].filter((id) => others.every((other) => other.has(id))))
}

/** One page of threads, last active first. The cursor contains last activity and id of the last thread on the page. */
export function listThreads(ctx: CommandContext, input: Parsed<'threads.list'>): Result<Output<'threads.list'>> {
  const before = placeOf(input.cursor)
  if (!before.ok) return before
  const archived = input.archived ?? (input.include_archived === true ? undefined : false)
  const text = input.text?.toLocaleLowerCase()
  const among = chosen(ctx, input)
  const since = input.active_since === undefined ? 0 : Date.parse(input.active_since)
  const lastOf = ({ thread_id, last_activity, created_at }: ThreadHead): number =>
    Math.max(ctx.live.threadActivity.of(thread_id, () => ctx.store.threadStore.activity()) ?? 0, last_activity, created_at)
  const unfinished = input.running === undefined ? undefined : ctx.store.threadStore.having({ unfinished: true })
  const matches = ({ thread_id, title }: ThreadHead): boolean =>
    (unfinished === undefined || unfinished.has(thread_id) === input.running) &&
    (among === undefined || among.has(thread_id)) &&
    (text === undefined || title.toLocaleLowerCase().includes(text) || thread_id.toLocaleLowerCase().includes(text))
  const limit = input.limit ?? limits.list_default
  const found = ctx.store.threadStore
    .heads(archived)
    .filter(matches)
    .map((head) => ({ thread_id: head.thread_id, id: head.id, last: lastOf(head) }))
    .filter((place) => place.last >= since && comesAfter(place, before.value))
    .toSorted((left, right) => right.last - left.last || right.id - left.id)
  const page = found.slice(0, limit)
  const last = page.at(-1)
  const items = page.flatMap(({ thread_id }) => ctx.store.threadStore.get(thread_id) ?? []).map((thread) => showThread(ctx, thread))
  return ok({ items, next_cursor: found.length > limit && last !== undefined ? `${last.last}.${last.id}` : null })
}
