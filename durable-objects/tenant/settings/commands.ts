/**
 * Responsible for reading and updating the tenant's settings. Changes that loosen review requirements go through
 * `reviews/commands/loosening.ts`.
 */
import type { Parsed, TenantSettings } from '@modelreins/contract'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { CommandContext } from '../kernel/context.ts'
import { findWorker } from '../queue/commands/dispatch.ts'
import { changeRequireCapability, changeReviewPolicies } from '../reviews/commands/loosening.ts'

function show({ store }: CommandContext): TenantSettings {
  const { settings } = store
  return {
    require_capability: settings.requireCapability() ?? false,
    default_effort: settings.get('default_effort'),
    default_mode: settings.get('default_mode'),
    default_expires_in: settings.get('default_expires_in'),
    when_offline: settings.get('when_offline'),
    attempts: settings.attempts(),
    fallback: settings.get('fallback'),
    default_merge: settings.get('default_merge'),
    merge_deadline: settings.get('merge_deadline'),
    review_policies: settings.get('review_policies'),
    lost_worker_timeout: settings.get('lost_worker_timeout'),
    person_reminder: settings.get('person_reminder'),
    person_hand_back: settings.get('person_hand_back'),
    person_expires_in: settings.get('person_expires_in'),
    retention_days: settings.get('retention_days'),
    version: settings.version(),
  }
}

const inWords = (value: unknown): string => (value === null ? 'default' : typeof value === 'string' ? value : JSON.stringify(value))

/** Refuses a fallback chain with an unknown worker: otherwise the mistake shows only when the chain is needed. */
function unknownTarget(ctx: CommandContext, chains: Partial<TenantSettings['fallback']>): Result<never> | undefined {
  for (const [effort, steps] of Object.entries(chains)) {
    const index = steps?.findIndex(({ target }) => target !== undefined && findWorker(ctx, target) === undefined) ?? -1
    if (index < 0) continue
    const message = `names no worker: ${steps?.[index]?.target}`
    const path = `fallback.${effort}.${index}.target`
    return fail('invalid-request', `\`${path}\` ${message}.`, { issues: [{ path, message }] })
  }
  return undefined
}

function update(ctx: CommandContext, input: Parsed<'settings.update'>): Result<TenantSettings> {
  const { require_capability, review_policies, ...rest } = input
  const unknown = unknownTarget(ctx, rest.fallback ?? {})
  if (unknown !== undefined) return unknown
  const asked = require_capability === undefined ? undefined : changeRequireCapability(ctx, require_capability ?? false)
  const policies = review_policies === undefined ? undefined : changeReviewPolicies(ctx, review_policies ?? {})
  if (asked !== undefined && policies !== undefined)
    return fail(
      'invalid-request',
      'Both changes wait for a review: change `require_capability` and `review_policies` one after the other.',
      {
        issues: [{ path: 'review_policies', message: 'waits for a review of its own' }],
      },
    )
  const changes = Object.entries(rest).filter(([, value]) => value !== undefined)
  if (changes.length > 0) {
    ctx.store.settings.change(Object.fromEntries(changes))
    ctx.store.settings.countChange()
    const summary = changes.map(([name, value]) => `${name} ${inWords(value)}`).join(', ')
    ctx.record({ action: 'settings.update', subject: `tenant:${ctx.tenant}`, summary })
  }
  const review = asked ?? policies
  return ok({ ...show(ctx), ...(review === undefined ? {} : { review_id: review.id }) })
}

export const settingsCommands = {
  'settings.get': (ctx: CommandContext): Result<TenantSettings> => ok(show(ctx)),
  'settings.update': update,
}
