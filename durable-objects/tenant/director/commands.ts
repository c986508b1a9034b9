/** Responsible for reading and changing the Director's catalogue of models: the built-in classes and the tenant's rules. */
import { canonicalJson } from '@modelreins/contract'
import type { Catalogue, Parsed } from '@modelreins/contract'
import { modelClasses, priceOf, ruleFor, sourceOf, traitsOf } from '../../../src/domain/director/catalogue.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTimeOrNull } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import { workforce } from '../queue/workforce/worker-view.ts'

function show(ctx: CommandContext): Catalogue {
  const { version, changed_at, rules } = ctx.store.catalogue.get()
  return {
    version,
    changed_at: isoTimeOrNull(changed_at),
    classes: [...modelClasses],
    rules: [...rules],
    workers: workforce(ctx).map((worker) => {
      const rule = ruleFor(rules, worker)
      return {
        worker_id: worker.worker_id,
        name: worker.name,
        provider: worker.provider,
        model: worker.model,
        ...traitsOf(worker),
        price: priceOf(worker) ?? null,
        source: sourceOf(worker),
        rule: rule < 0 ? null : rule,
      }
    }),
  }
}

function set(ctx: CommandContext, { rules, if_version }: Parsed<'director.set_catalogue'>): Result<Catalogue> {
  const before = ctx.store.catalogue.get()
  if (if_version !== undefined && if_version !== before.version)
    return fail('conflict', `The catalogue is at version ${before.version}, not ${if_version}: read it again and repeat the change.`)
  // A repeated call with the same rules writes no row and no new version.
  if (canonicalJson(rules) === canonicalJson(before.rules)) return ok(show(ctx))
  ctx.store.catalogue.save(rules, ctx.at)
  ctx.record({
    action: 'catalogue.update',
    subject: `tenant:${ctx.tenant}`,
    digest: ctx.sha256(canonicalJson(rules)),
    summary: `version ${before.version + 1}: ${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}, before ${before.rules.length}`,
  })
  // A job's mode depends on where a model runs, so workers may now be eligible for jobs that they could not take before.
  for (const pool of ctx.live.occupied) ctx.after({ kind: 'wake', pool })
  return ok(show(ctx))
}

export const directorCommands = {
  'director.catalogue': (ctx: CommandContext): Result<Catalogue> => ok(show(ctx)),
  'director.set_catalogue': set,
}
