/** Responsible for the specification of a new job: a request with its defaults filled in and times in milliseconds. */
import { attemptsByEffort, limits } from '@modelreins/contract'
import type { JobRequest } from '@modelreins/contract'
import { fallbackOf } from './fallback.ts'
import type { JobSpec } from './job-machine.ts'

const seconds = (value: number | undefined, otherwise: number): number => (value === undefined ? otherwise : Math.round(value * 1000))

function impliedContext({ context_from, context_text }: JobRequest): string {
  if (context_from !== undefined) return 'job'
  return context_text === undefined ? 'none' : 'inline'
}

/** The specification of a new job: defaults filled in, times in milliseconds. `pinned` is the worker that `target` names. */
export function specOf(request: JobRequest, pinned: string | null): JobSpec {
  const { target = null, provider = null, model = null, effort = 'standard' } = request
  const fallback = fallbackOf(request, { pinned, target, provider, model }, request.max_attempts ?? attemptsByEffort[effort])
  return {
    prompt: request.prompt,
    input: request.input ?? null,
    capability: request.capability ?? null,
    pinned,
    target,
    ...(fallback === undefined ? {} : { fallback }),
    tags: request.tags ?? [],
    networks: request.networks ?? [],
    ...(request.substrate === undefined ? {} : { substrate: request.substrate }),
    provider,
    model,
    session_id: request.session_id ?? null,
    context: request.context ?? impliedContext(request),
    ...(request.context_from === undefined ? {} : { context_from: request.context_from }),
    context_text: request.context_text ?? null,
    requires_secrets: request.requires_secrets ?? [],
    timeout_ms: seconds(request.timeout, limits.timeout_ms),
    silence_ms: request.silence_timeout === undefined ? null : seconds(request.silence_timeout, 0),
    expires_ms: seconds(request.expires_in, limits.schedule_to_start_ms),
    not_before: request.not_before === undefined ? null : Date.parse(request.not_before),
    metadata: request.metadata ?? null,
    ...(request.mode === undefined || request.mode === 'auto' ? {} : { mode: request.mode }),
    ...(request.avoid === undefined ? {} : { avoid: request.avoid }),
    ...(request.prefer === undefined ? {} : { prefer: request.prefer }),
    ...(request.concurrency === undefined ? {} : { concurrency: request.concurrency }),
    ...(request.rate === undefined ? {} : { rate: request.rate }),
  }
}
