/** Responsible for listing a job's artifacts with the job, and for erasing them with it. */
import type { Job, Parsed } from '@modelreins/contract'
import { isReadable } from '../../../src/domain/artifact/artifact.ts'
import { ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext } from '../kernel/context.ts'
import { loadJob } from '../queue/commands/jobs.ts'
import { showJob } from '../queue/job-view.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { giveUp, recordArtifact, showArtifact } from './commands.ts'
import type { ArtifactSelection } from './artifact-store.ts'

/** The most artifacts shown with a job, newest first. */
const mostShown = 100

function getJob(ctx: CommandContext, input: Parsed<'jobs.get'>): Result<Job> {
  const job = loadJob(ctx, input.job_id)
  if (!job.ok) return job
  const artifacts = ctx.store.artifacts
    .list({ job_id: job.value.id }, Number.MAX_SAFE_INTEGER, mostShown)
    .filter((one) => isReadable(one, ctx.at))
    .map((one) => {
      const { slug, url, filename, content_type, size_bytes } = showArtifact(one)
      return { slug, url, filename, content_type, size_bytes }
    })
  return ok({ ...showJob(ctx, job.value), ...(artifacts.length === 0 ? {} : { artifacts }) })
}

export const jobFileCommands = { 'jobs.get': getJob }

/**
 * Erases the files of an erased job and of its reviews. It leaves uploads in progress alone: when they complete, their job is not found, and
 * the edge releases them.
 */
export function eraseFilesOf(ctx: CommandContext, job: Pick<JobRecord, 'id'>): void {
  const selections: readonly ArtifactSelection[] = [
    { job_id: job.id },
    ...ctx.store.reviews.idsOf(job.id).map((review_id) => ({ review_id })),
  ]
  for (const selection of selections) {
    for (;;) {
      const files = ctx.store.artifacts.list(selection, Number.MAX_SAFE_INTEGER, mostShown)
      if (files.length === 0) break
      for (const file of files) {
        giveUp(ctx, { ...file, filename: '' }, 'deleted')
        recordArtifact(ctx, file, 'delete', `job ${job.id} was erased`)
      }
    }
  }
}
