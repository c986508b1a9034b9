/** Responsible for a job as callers read it: with the artifacts that belong to it. */
import type { Job, Parsed } from '@modelreins/contract'
import { isReadable } from '../../../src/domain/artifact/artifact.ts'
import { ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext } from '../kernel/context.ts'
import { loadJob } from '../queue/commands/jobs.ts'
import { showJob } from '../queue/job-view.ts'
import { showArtifact } from './commands.ts'

/** The newest that a job lists. */
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
