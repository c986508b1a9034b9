/**
 * Responsible for the files and earlier turns that a reviewer reads with a job: which there are, and whether a review has shown all of
 * them.
 */
import { limits } from '@modelreins/contract'
import { isReadable } from '../../../src/domain/artifact/artifact.ts'
import { isReplaced } from '../../../src/domain/fan-out/pick.ts'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import type { ReviewRecord } from '../../../src/domain/review/review.ts'
import type { ReviewedArtifact } from '../../../src/domain/review/review-payload.ts'
import type { CommandContext } from '../kernel/context.ts'

type Seeing = Pick<CommandContext, 'at' | 'store'>

/** In the order in which they were uploaded. */
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

/** The files to show with a job: those that the previous review showed and that still exist, then files added since. */
export function filesToShow(ctx: Seeing, job: Pick<JobRecord, 'id'>, before: ReviewRecord | undefined): readonly ReviewedArtifact[] {
  const shown = (before?.artifacts ?? []).filter((file) => isThere(ctx, file))
  return [...shown, ...filesOf(ctx, job.id).filter((file) => !shown.some(({ slug }) => slug === file.slug))]
}

/** If another answer of a fan-out was picked since, the reviewer may have seen either one. */
const isTurnAsShown = (turn: JobRecord | undefined): boolean => turn?.status === 'done' && !isReplaced(turn)

/**
 * Whether the review shows exactly the current files and turns: none added, none missing. A session's approval is not about content, so it
 * always matches.
 */
export function isAsShown(ctx: Seeing, review: ReviewRecord, job: JobRecord): boolean {
  if (review.session !== null) return true
  const { artifacts } = review
  return (
    filesOf(ctx, job.id).every((file) => artifacts.some(({ slug, sha256 }) => slug === file.slug && sha256 === file.sha256)) &&
    artifacts.every((file) => isThere(ctx, file)) &&
    (job.spec.context_turns ?? []).every((id) => isTurnAsShown(ctx.store.jobs.get(id)))
  )
}
