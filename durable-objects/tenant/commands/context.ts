/** Responsible for what a worker may learn of a job's surroundings: earlier turns of its thread, or text that came with it. */
import type { Parsed } from '@modelreins/contract'
import type { JobRecord } from '../../../src/domain/job-machine.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext } from '../context.ts'

/** Characters, unless the call says otherwise. */
const defaultBudget = 64_000
const turnsOfThread = 100

const turn = (job: JobRecord): string => `User: ${job.spec.prompt}\nAssistant: ${job.outcome?.result ?? job.outcome?.output ?? ''}`

/** Newest turns first while they fit; told oldest first. */
function assemble(turns: readonly JobRecord[], budget: number): string {
  const kept: string[] = []
  let size = 0
  for (const job of turns) {
    const text = turn(job)
    if (size + text.length > budget) break
    kept.unshift(text)
    size += text.length + 2
  }
  return kept.join('\n\n')
}

export const contextCommands = {
  'context.get': (ctx: CommandContext, input: Parsed<'context.get'>): Result<{ policy: string; size: number; context: string }> => {
    const job = ctx.store.jobs.get(input.job_id)
    // A worker reads the surroundings of jobs it has; of others it learns nothing, not even that they exist.
    const foreign = ctx.caller.kind === 'worker' && job?.worker_id !== ctx.caller.worker.worker_id
    if (job === undefined || foreign) return fail('not-found', `There is no job ${input.job_id}.`)
    const policy = input.policy ?? job.spec.context
    const budget = input.budget ?? defaultBudget
    const count = policy === 'thread' ? turnsOfThread : policy.startsWith('last:') ? Number(policy.slice(5)) : 0
    const context =
      policy === 'inline'
        ? (job.spec.context_text ?? '').slice(-budget)
        : count > 0 && job.thread_id !== null
          ? assemble(
              ctx.store.jobs.ofThread(job.thread_id, count, job.id).filter((earlier) => earlier.status === 'done'),
              budget,
            )
          : ''
    return ok({ policy, size: context.length, context })
  },
}
