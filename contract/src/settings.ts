/** Responsible for the settings of a tenant as callers see them. */
import * as z from 'zod'
import { flag } from './fields.ts'

export const tenantSettings = z
  .object({
    /** A worker that has a capability with the tier `approve` or `session` takes no job that names none. */
    require_capability: z.boolean(),
    /** Only in the answer to a change that loosens something where others decide: the review that must be approved first. */
    review_id: z.number().int().optional(),
  })
  .meta({ id: 'TenantSettings' })
export type TenantSettings = z.infer<typeof tenantSettings>

export const settingsPatch = z.strictObject({ require_capability: flag.optional() })
