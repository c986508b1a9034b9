/** Responsible for the context of a job as a worker reads it: earlier turns of its thread, or text that came with it. */
import type { Parsed } from '@modelreins/contract'
import type { JobRecord } from '../../../../src/domain/job/job-machine.ts'
import { fail, ok } from '../../../../src/domain/result.ts'
import type { Result } from '../../../../src/domain/result.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { noJob } from '../job-view.ts'
import { answerOf, notAnswered, shownTurns, threadTurns, withinPolicy } from '../thread.ts'

/** Default budget, in characters. */
const defaultBudget = 64_000

const turn = (job: JobRecord): string => `User: ${job.spec.prompt}\nAssistant: ${answerOf(job)}`

const cut = '\n[The rest does not fit into the context.]'

/** The beginning of the turn, up to `budget` characters. The answer has priority over the prompt. */
function cutTurn(job: JobRecord, budget: number): string {
  const whole = turn(job)
  if (whole.length <= budget) return whole
  const room = Math.max(0, budget - cut.length)
  const answer = `Assistant: ${answerOf(job)}`
  const kept = answer.length <= room ? `User: ${job.spec.prompt.slice(0, Math.max(0, room - answer.length - 7))}\n${answer}` : answer
  return `${kept.slice(0, room)}${cut}`.slice(0, budget)
}

/** Takes the newest turns that fit and returns them oldest first. The turn that the job continues from is always included, cut if necessary. */
function assemble(turns: readonly JobRecord[], budget: number, source: number | undefined): string {
  const kept: string[] = []
  let size = 0
  for (const job of turns) {
    // When a member picked one answer of a fan-out, the child that wrote it stands for the fan-out.
    const text = source !== undefined && (job.id === source || job.parent_id === source) ? cutTurn(job, budget) : turn(job)
    if (size + text.length > budget) break
    kept.unshift(text)
    size += text.length + 2
  }
  return kept.join('\n\n')
}

/** The context of a job, as text. `asked`: a narrower policy than the job's own, and a budget in characters. */
export function contextOf(
  ctx: CommandContext,
  job: JobRecord,
  asked?: { readonly policy?: string | undefined; readonly budget?: number | undefined },
) {
  const { context_text, context_turns, context_from } = job.spec
  const policy = job.review_id === null ? withinPolicy(job.spec.context, asked?.policy) : job.spec.context
  const budget = asked?.budget ?? defaultBudget
  // Without the answer that it continues from, the job would be a different one.
  const missing = context_from === undefined || policy === 'none' ? undefined : notAnswered(ctx.store, context_from)
  if (missing !== undefined) return fail('gone', `Job ${job.id} cannot be given its context: context_from ${missing}.`)
  const turns = context_turns === undefined ? threadTurns(ctx.store, job, policy) : shownTurns(ctx.store, context_turns)
  const context = policy === 'inline' ? (context_text ?? '').slice(-budget) : assemble(turns, budget, context_from)
  return ok({ policy, size: context.length, context })
}

export const contextCommands = {
  'jobs.context': (ctx: CommandContext, input: Parsed<'jobs.context'>): Result<{ policy: string; size: number; context: string }> => {
    const job = ctx.store.jobs.get(input.job_id)
    return job === undefined ? noJob(ctx.store, input.job_id) : contextOf(ctx, job)
  },
  'context.get': (ctx: CommandContext, input: Parsed<'context.get'>): Result<{ policy: string; size: number; context: string }> => {
    const job = ctx.store.jobs.get(input.job_id)
    // A worker reads the context only of jobs that are assigned to it. The existence of other jobs, and of its own before a human has released them,
    // is hidden.
    const foreign = ctx.caller.kind === 'worker' && (job?.worker_id !== ctx.caller.worker.worker_id || job.hold === 'review')
    if (job === undefined || foreign) return fail('not-found', `There is no job ${input.job_id}.`)
    // A job that a human released is read as it was shown to them: another policy, or a later turn, would change what they approved.
    if (job.review_id !== null && input.policy !== undefined && input.policy !== job.spec.context)
      return fail(
        'invalid-request',
        `Job ${job.id} was approved by a human with the context ${job.spec.context}: no other context can be read for it.`,
        {
          issues: [{ path: 'policy', message: `must be ${job.spec.context}, or absent` }],
        },
      )
    return contextOf(ctx, job, input)
  },
}
