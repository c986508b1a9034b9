/**
 * Responsible for what a job that a human must release is read with: its files, and the earlier turns of its thread. It tells which there are, and
 * whether a review has shown them all.
 */
import { limits } from '@modelreins/contract'
import { isReadable } from '../../../src/domain/artifact/artifact.ts'
import { isReplaced } from '../../../src/domain/fan-out/pick.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { ReviewRecord } from '../../../src/domain/review/review.ts'
import type { ReviewedArtifact } from '../../../src/domain/review/review-payload.ts'
import type { CommandContext } from '../kernel/context.ts'

type Seeing = Pick<CommandContext, 'at' | 'store'>

/** In the order in which they were attached. */
const filesOf = (ctx: Seeing, jobId: number): readonly ReviewedArtifact[] =>
  ctx.store.artifacts
    .list({ job_id: jobId }, Number.MAX_SAFE_INTEGER, limits.artifacts_per_job)
    .filter((file) => isReadable(file, ctx.at))
    .map(({ slug, sha256 }) => ({ slug, sha256 }))
    .toReversed()

const isThere = (ctx: Seeing, { slug, sha256 }: ReviewedArtifact): boolean => {
  const file = ctx.store.artifacts.get(slug)
  return file !== undefined && file.sha256 === sha256 && isReadable(file, ctx.at)
}

/** The files to show with a job: what the review before this one showed, and whatever else has come to the job. */
export function filesToShow(ctx: Seeing, job: Pick<JobRecord, 'id'>, before: ReviewRecord | undefined): readonly ReviewedArtifact[] {
  const shown = (before?.artifacts ?? []).filter((file) => isThere(ctx, file))
  return [...shown, ...filesOf(ctx, job.id).filter((file) => !shown.some(({ slug }) => slug === file.slug))]
}

/** Of a fan-out that another answer was picked for since, the reviewer may have seen either. */
const isTurnAsShown = (turn: JobRecord | undefined): boolean => turn?.status === 'done' && !isReplaced(turn)

/** No file that the review does not show, and none missing of what it shows, of files and of turns. A session's yes is about no content. */
export function isAsShown(ctx: Seeing, review: ReviewRecord, job: JobRecord): boolean {
  if (review.session !== null) return true
  const { artifacts } = review
  return (
    filesOf(ctx, job.id).every((file) => artifacts.some(({ slug, sha256 }) => slug === file.slug && sha256 === file.sha256)) &&
    artifacts.every((file) => isThere(ctx, file)) &&
    (job.spec.context_turns ?? []).every((id) => isTurnAsShown(ctx.store.jobs.get(id)))
  )
}
