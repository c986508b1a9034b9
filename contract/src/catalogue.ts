/** Responsible for the shapes of the Director's catalogue: classes of models with their traits, and a tenant's own rules. It decides nothing. */
import * as z from 'zod'
import { label, time } from './fields.ts'
import { limits } from './limits.ts'

export const modelClassNames = [
  'local small',
  'local',
  'local large',
  'program',
  'cheap hosted',
  'standard hosted',
  'premium',
  'human',
] as const
export const modelClass = z.enum(modelClassNames)
export type ModelClass = z.infer<typeof modelClass>

/** From 0 (worst) to 1 (best). */
const trait = z.number().min(0).max(1)
export const locality = z.enum(['local', 'cloud'])
const traitFields = { cost: trait, quality: trait, speed: trait, locality }

const usdPerMillion = z.number().min(0).max(limits.price_usd_max)
/** US dollars per million tokens. */
export const tokenPrice = z.strictObject({ input: usdPerMillion, output: usdPerMillion }).meta({ id: 'TokenPrice' })
export type TokenPrice = z.infer<typeof tokenPrice>

/** What a worker or a rule can declare: its class, single traits that differ from the class, and the price of tokens. */
export const declaredTraits = {
  model_class: modelClass.optional(),
  cost: trait.optional(),
  quality: trait.optional(),
  speed: trait.optional(),
  locality: locality.optional(),
  price: tokenPrice.optional(),
}

const effects = Object.keys(declaredTraits) as readonly (keyof typeof declaredTraits)[]

/** `provider` and `model` are patterns: `*` matches any characters, and case is ignored. The first rule that matches applies. */
export const catalogueRule = z
  .strictObject({ provider: label.optional(), model: label.optional(), ...declaredTraits })
  .superRefine((rule, ctx) => {
    if (rule.provider === undefined && rule.model === undefined)
      ctx.addIssue({ code: 'custom', path: ['model'], message: 'or provider is required: it says which workers the rule matches' })
    if (effects.every((name) => rule[name] === undefined))
      ctx.addIssue({
        code: 'custom',
        path: ['model_class'],
        message: `or another of ${effects.join(', ')} is required: it says what the rule sets`,
      })
  })
  .meta({ id: 'CatalogueRule' })
export type CatalogueRule = z.infer<typeof catalogueRule>

export const catalogueUpdate = z
  .strictObject({
    /** Replaces all existing rules; an empty list restores the built-in catalogue. */
    rules: z.array(catalogueRule).max(limits.catalogue_rules),
    /** The version that the caller read. If somebody else has changed the catalogue since, the answer is `conflict`. */
    if_version: z.number().int().min(0).optional(),
  })
  .superRefine(({ rules }, ctx) => {
    const seen = new Map<string, number>()
    for (const [index, { provider, model }] of rules.entries()) {
      const key = JSON.stringify([provider?.toLowerCase() ?? null, model?.toLowerCase() ?? null])
      const earlier = seen.get(key)
      if (earlier !== undefined)
        ctx.addIssue({
          code: 'custom',
          path: ['rules', index],
          message: `never applies: rules.${earlier} already matches the same provider and model`,
        })
      else seen.set(key, index)
    }
  })

export const catalogue = z
  .object({
    /** Counts changes; 0: never changed. */
    version: z.number().int(),
    changed_at: time.nullable(),
    classes: z.array(z.object({ model_class: modelClass, ...traitFields })),
    /** The tenant's own rules, in order. */
    rules: z.array(catalogueRule),
    /** The values that apply to each worker. */
    workers: z.array(
      z.object({
        worker_id: z.string(),
        name: z.string(),
        provider: z.string().nullable(),
        model: z.string().nullable(),
        model_class: modelClass,
        ...traitFields,
        price: tokenPrice.nullable(),
        /** Where the class comes from: the worker's config, a rule of the tenant, or the built-in catalogue. */
        source: z.enum(['config', 'rule', 'built-in']),
        /** Index of the rule that matches; null when none does. */
        rule: z.number().int().nullable(),
      }),
    ),
  })
  .meta({ id: 'Catalogue' })
export type Catalogue = z.infer<typeof catalogue>
