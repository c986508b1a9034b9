/** Responsible for exposing one job's stream: append and close by RPC, viewers by SSE, maintenance by alarm; rules are in other modules. */
import { DurableObject } from 'cloudflare:workers'
import { limits, problems, type Failure } from '@modelreins/contract'
import { fail, ok, type Result } from '../../src/domain/result.ts'
import { transcriptFailed } from '../../src/telemetry/job-stream-events.ts'
import { systemClock, streamTimings, type StreamClock } from './clock.ts'
import { fence } from './fencing.ts'
import type { ViewerIdentity } from './gate.ts'
import { transcriptKey, type JobEnd, type JobEndGate, type JobStreamGate, type RecentOutput, type StreamEnd } from './gate.ts'
import { JobStream, leaseLost, type Append, type Close } from './job-stream.ts'
import { restore } from './restore.ts'
import { alarmTaskOf } from './retention.ts'
import { encodeEnd, sseHeaders } from './sse.ts'
import { open, openIfThere } from './store/open.ts'
import { recentInTranscript, transcriptAttempt, transcriptSource, writeTranscript } from './transcript.ts'
import { WriterTrust, writerOf } from './writer-trust.ts'
import { Viewers, viewersMax, type ViewerSource } from './viewers.ts'

/** The tenant and job of the stream. The object learns them from its first call. */
interface Whose {
  readonly tenant: string
  readonly job_id: number
}

interface Watch extends Whose {
  readonly after: number
  /** True when the job has not ended, according to the tenant object. */
  readonly live: boolean
  readonly viewer: ViewerIdentity | undefined
}

function parseWatch(request: Request): Watch | undefined {
  const query = new URL(request.url).searchParams
  const tenant = query.get('tenant') ?? ''
  const job_id = Number(query.get('job_id') ?? Number.NaN)
  const given = request.headers.get('last-event-id')
  const after = Number(given !== null && /^\d{1,16}$/.test(given) ? given : (query.get('after') ?? -1))
  if (tenant === '' || !Number.isSafeInteger(job_id) || !Number.isSafeInteger(after) || after < -1) return undefined
  const named = request.headers.get('x-modelreins-viewer')
  // The cast is safe: only our edge sends this header, after it has checked the credential.
  const viewer = named === null ? undefined : (JSON.parse(named) as ViewerIdentity)
  return { tenant, job_id, after, live: query.get('ended') === '0', viewer }
}

/** Storage key of the mark that the job was erased; its value is the tenant and job. */
const erasedKey = 'erased'

const refused = (failure: Failure): Response => Response.json(failure, { status: problems[failure.code].status })

export class JobStreamObject extends DurableObject<Env> implements JobStreamGate {
  /** Tests replace this and `tenantGate`; RPC cannot reach properties. */
  clock: StreamClock = systemClock
  tenantGate = (tenant: string): JobEndGate => {
    const { TENANT } = this.env
    // The namespace is not typed with the class, so its stubs have no methods; both sides implement the gate.
    return TENANT.get(TENANT.idFromName(tenant)) as unknown as JobEndGate
  }
  askEnd = async ({ tenant, job_id }: Whose): Promise<JobEnd | null> => this.tenantGate(tenant).jobEnd({ job_id })

  /** Undefined while the object stores nothing. */
  #stream: JobStream | undefined
  /** The end of a job without stored output, learned from the tenant object. */
  #learned: StreamEnd | undefined
  #opening: Promise<JobStream> | undefined
  #whose: Whose | undefined
  /** Set when the job was erased: late appends are refused. */
  #erased: Whose | undefined
  #heardAt = 0
  #asking = false
  #stopTicking: (() => void) | undefined
  readonly #trust = new WriterTrust()
  readonly #viewers = new Viewers(() => this.#settle())
  readonly #source: ViewerSource = {
    read: (from) => this.#stream?.read(from),
    end: () => (this.#learned === undefined ? this.#stream?.end() : encodeEnd(this.#learned)),
  }

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    void ctx.blockConcurrencyWhile(async () => {
      this.#erased = await ctx.storage.get<Whose>(erasedKey)
      const store = await openIfThere(ctx.storage)
      // Tables without the state row come from an interrupted restore: treat them as an empty object.
      if (store?.state() !== undefined) this.#stream = new JobStream(store)
    })
  }

  async append(request: Append): Promise<Result<{ readonly next_seq: number; readonly closed: boolean }>> {
    const lost = leaseLost(request.job_id, request.attempt)
    if (this.#erased !== undefined) return lost
    if (fence(this.#stream?.state, request) === 'lost') return lost
    const allowed = await this.#trust.allows(request, this.clock, () => this.tenantGate(request.tenant).mayWrite(writerOf(request)))
    if (!allowed.ok) return allowed
    // A first attempt never has a transcript: its lease token expires before an ended stream is emptied.
    const stream = await this.#open(request, request.attempt, request.attempt > 1)
    if (stream === undefined || this.#erased !== undefined) return lost
    const ended = stream.state !== undefined && stream.state.end !== null
    if (ended) {
      // Only a retry by a member starts a new attempt of an ended job, and only the tenant object knows of it.
      if (fence(stream.state, request) === 'lost') return lost
      const asked = await this.#ask(request)
      if (!asked.ok) return asked
      if (asked.value !== null || this.#erased !== undefined) return lost
    }
    const first = stream.state === undefined
    const done = stream.append(request, this.clock.now(), ended)
    if (!done.ok) return done
    this.#learned = undefined
    this.#changed()
    if (ended || (first && stream.state !== undefined)) await this.#ringIn(streamTimings.unwatched_silence_ms)
    return done
  }

  async close(request: Close): Promise<void> {
    if (this.#erased !== undefined) return
    const stream = await this.#open(request, request.attempt, true)
    if (stream !== undefined && this.#erased === undefined && stream.close(request, this.clock.now())) await this.#closed(stream)
  }

  async recent({ tenant, job_id, attempt, bytes }: Parameters<JobStreamGate['recent']>[0]): Promise<RecentOutput> {
    if (this.#stream !== undefined) return this.#stream.recent(attempt, bytes)
    const archived = await recentInTranscript(this.env.ARCHIVE, transcriptKey(tenant, job_id), attempt, bytes)
    return archived ?? { text: '', truncated: false, closed: false }
  }

  async distrust({ viewers }: Parameters<JobStreamGate['distrust']>[0]): Promise<void> {
    this.#trust.end()
    this.#viewers.dismiss((who) => viewers === undefined || (who !== undefined && viewers.includes(who.id)))
  }

  async erase({ tenant, job_id }: Whose): Promise<void> {
    this.#erased = { tenant, job_id }
    this.#trust.end()
    this.#viewers.dismiss(() => true)
    await this.#opening?.catch(() => undefined)
    await this.#empty()
    await this.ctx.storage.put(erasedKey, this.#erased)
    await this.#ringIn(streamTimings.erased_ms)
    await this.env.ARCHIVE.delete(transcriptKey(tenant, job_id))
  }

  /** Deletes the mark, and a transcript that was being written during the erasure: no late append can arrive any more. */
  async #forgetErased({ tenant, job_id }: Whose): Promise<void> {
    await this.env.ARCHIVE.delete(transcriptKey(tenant, job_id))
    await this.#empty()
    this.#erased = undefined
  }

  override async fetch(request: Request): Promise<Response> {
    if (this.#erased !== undefined) return refused(fail('gone', `The output of job ${this.#erased.job_id} was erased.`).failure)
    const watch = parseWatch(request)
    if (watch === undefined) return refused(fail('invalid-request', 'Invalid stream request: job and sequence are required.').failure)
    if (this.#viewers.count >= viewersMax) {
      const detail = `${viewersMax} viewers watch this job already.`
      return refused(fail('rate-limited', detail, { retry_after_ms: streamTimings.silence_ms }).failure)
    }
    const { viewer } = watch
    this.#whose = watch
    if (viewer !== undefined && this.#viewers.countOf(viewer.id) >= limits.viewer_streams) {
      const detail = `You watch this job ${limits.viewer_streams} times already. Close one of these streams first.`
      return refused(fail('rate-limited', detail, { retry_after_ms: streamTimings.silence_ms }).failure)
    }
    if (this.#stream === undefined) {
      const archived = await this.env.ARCHIVE.get(transcriptKey(watch.tenant, watch.job_id))
      if (archived !== null) {
        if (!(await this.#runsAgain(watch))) return this.#attach(transcriptSource(archived.body), watch.after + 1, viewer)
        await archived.body.cancel()
        await this.#open(watch, Number.POSITIVE_INFINITY, true)
        await this.#reopen()
      }
    } else if (this.#stream.end() !== undefined && (await this.#runsAgain(watch))) await this.#reopen()
    if (watch.live) this.#learned = undefined
    // A viewer may know chunks that a crash has lost here: continue with the next number that the stream has.
    return this.#attach(this.#source, Math.min(watch.after + 1, this.#stream?.next ?? 0), viewer)
  }

  override async alarm(): Promise<void> {
    if (this.#erased !== undefined) return this.#forgetErased(this.#erased)
    const stream = this.#stream
    if (stream?.state === undefined) return
    const now = this.clock.now()
    const chore = alarmTaskOf(stream.state, stream.heardAt, now)
    switch (chore.kind) {
      case 'wait':
        // Always in the future: an alarm that is set to the present time inside an alarm does not fire.
        await this.ctx.storage.setAlarm(Math.max(chore.until, now + 1))
        break
      case 'ask': {
        const asked = await this.#ask(stream.state)
        if (asked.ok && asked.value !== null) await this.#finish(asked.value)
        else await this.#ringIn(streamTimings.unwatched_silence_ms)
        break
      }
      case 'archive':
        await this.#archive(stream)
        break
      case 'empty':
        if (this.#viewers.count > 0) await this.#ringIn(streamTimings.silence_ms)
        else await this.#empty()
        break
    }
  }

  /**
   * The stream to write to, created if there is none. An emptied stream is restored from its transcript for a newer attempt; for an older
   * attempt it stays in R2, and the result is undefined.
   */
  async #open({ tenant, job_id }: Whose, attempt: number, mayBeArchived: boolean): Promise<JobStream | undefined> {
    if (this.#stream !== undefined) return this.#stream
    const key = transcriptKey(tenant, job_id)
    const archived = mayBeArchived ? await this.env.ARCHIVE.head(key) : null
    if (archived !== null && attempt <= transcriptAttempt(archived)) return this.#stream
    this.#opening ??= this.#make(archived === null ? null : key, { tenant, job_id })
    try {
      this.#stream ??= await this.#opening
    } finally {
      this.#opening = undefined
    }
    return this.#stream
  }

  async #make(transcript: string | null, whose: Whose): Promise<JobStream> {
    const stored = transcript === null ? null : await this.env.ARCHIVE.get(transcript)
    if (stored !== null) return restore(this.ctx.storage, whose, stored.body, this.clock.now())
    const store = await open(this.ctx.storage)
    store.clearBatches()
    return new JobStream(store)
  }

  /** True when a job that has ended here runs again, by a member's retry. Without an answer of the tenant object, the local state applies. */
  async #runsAgain(watch: Watch): Promise<boolean> {
    if (!watch.live) return false
    const asked = await this.#ask(watch)
    return asked.ok && asked.value === null
  }

  async #reopen(): Promise<void> {
    if (this.#stream?.reopen() === true) await this.#ringIn(streamTimings.unwatched_silence_ms)
  }

  async #ringIn(ms: number): Promise<void> {
    await this.ctx.storage.setAlarm(this.clock.now() + ms)
  }

  #attach(source: ViewerSource, from: number, viewer: ViewerIdentity | undefined): Response {
    if (this.#erased !== undefined) return refused(fail('gone', `The output of job ${this.#erased.job_id} was erased.`).failure)
    if (this.#viewers.count === 0) this.#heardAt = this.clock.now()
    const body = this.#viewers.attach(source, from, this.clock, viewer)
    this.#stopTicking ??= this.clock.every(streamTimings.keep_alive_ms, () => this.#tick())
    return new Response(body, { headers: sseHeaders })
  }

  #changed(): void {
    this.#heardAt = this.clock.now()
    this.#viewers.notify()
  }

  #settle(): void {
    if (this.#viewers.count > 0) return
    this.#stopTicking?.()
    this.#stopTicking = undefined
  }

  #tick(): void {
    const now = this.clock.now()
    this.#viewers.tick(now)
    for (const who of this.#viewers.untrusted(now)) this.ctx.waitUntil(this.#askAbout(who))
    if (this.#viewers.count > 0 && now - this.#heardAt >= streamTimings.silence_ms) this.ctx.waitUntil(this.#askForViewers())
  }

  /** Checks a viewer's right again. Without an answer of the tenant object, the viewer stays until the next tick. */
  async #askAbout(who: ViewerIdentity): Promise<void> {
    if (this.#whose === undefined) return
    const same = JSON.stringify(who)
    try {
      if (await this.tenantGate(this.#whose.tenant).mayWatch({ credential: who.credential })) this.#viewers.trust(who, this.clock.now())
      else this.#viewers.dismiss((one) => JSON.stringify(one) === same)
    } catch {
      // The next tick asks again.
    }
  }

  /** Asks the tenant object for the job's end, because `close` is a single call and may be lost: its viewers would wait forever. */
  async #askForViewers(): Promise<void> {
    if (this.#asking || this.#whose === undefined) return
    this.#asking = true
    this.#heardAt = this.clock.now()
    try {
      const asked = await this.#ask(this.#whose)
      if (asked.ok && asked.value !== null) await this.#finish(asked.value)
    } finally {
      this.#asking = false
    }
  }

  async #ask(whose: Whose): Promise<Result<JobEnd | null>> {
    try {
      return ok(await this.askEnd(whose))
    } catch {
      return fail('unavailable', 'The tenant is temporarily unavailable.', { retry_after_ms: 1_000 })
    }
  }

  /** Applies an end that was learned from the tenant object, because `close` did not arrive. */
  async #finish({ end, attempt, tail }: JobEnd): Promise<void> {
    const stream = this.#stream
    if (stream?.state === undefined) this.#learned = end
    else if (!stream.close({ ...stream.state, attempt: Math.max(attempt, stream.state.attempt), end, tail }, this.clock.now())) return
    else return this.#closed(stream)
    this.#changed()
  }

  async #closed(stream: JobStream): Promise<void> {
    const ended = stream.state !== undefined && stream.state.end !== null
    this.#changed()
    await this.#ringIn(ended ? streamTimings.archive_after_ms : streamTimings.unwatched_silence_ms)
  }

  async #archive(stream: JobStream): Promise<void> {
    const { state } = stream
    if (state === undefined || state.end === null) return
    const { tenant, job_id, attempt, end } = state
    try {
      const last = { end, attempt, next_seq: stream.next }
      await writeTranscript(this.env.ARCHIVE, transcriptKey(tenant, job_id), (seq) => stream.batchFrom(seq), last)
    } catch (error) {
      if (this.#erased !== undefined) return
      transcriptFailed({ tenant, job_id }, error)
      // Schedule the retry here: the platform retries a failed alarm only six times.
      return this.#ringIn(streamTimings.archive_retry_ms)
    }
    // The job was erased in the meantime: delete the transcript that was just written.
    if (this.#erased !== undefined) return this.env.ARCHIVE.delete(transcriptKey(tenant, job_id))
    // If the job was retried in the meantime, its next end writes another transcript.
    if (stream.state?.end === end) stream.archived(this.clock.now())
    await this.#ringIn(streamTimings.hot_ms)
  }

  async #empty(): Promise<void> {
    this.#stream = undefined
    this.#learned = undefined
    await this.ctx.storage.deleteAll()
  }
}
