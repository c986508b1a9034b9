/**
 * Responsible for the table of a tenant's settings as the dashboard shows and edits it: words, default, and the kind of field that fits, taken from the
 * contract while the dashboard is built. So a new setting is on the screen without a line of code here.
 */
import { tenantSettingRows } from '@modelreins/contract'
import type { Plugin } from 'vite'
import * as z from 'zod'

const name = 'virtual:tenant-settings'
const resolved = `\0${name}`

interface Described {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Described>>
}

const isNumber = ({ type }: Described): boolean => type === 'integer' || type === 'number'
const bounds = (of: Described) => ({
  min: of.minimum ?? of.exclusiveMinimum ?? null,
  max: of.maximum ?? null,
  whole: of.type === 'integer',
})

/** What has no field of its own is edited as JSON, and judged by the server. */
export function fieldOf(of: Described): Readonly<Record<string, unknown>> {
  if (of.type === 'boolean') return { kind: 'flag' }
  if (of.enum !== undefined) return { kind: 'choice', values: of.enum }
  if (isNumber(of)) return { kind: 'number', ...bounds(of) }
  const parts = Object.entries(of.properties ?? {})
  if (parts.length > 0 && parts.every(([, part]) => isNumber(part)))
    return { kind: 'numbers', parts: parts.map(([part, described]) => ({ name: part, ...bounds(described) })) }
  return { kind: 'json' }
}

export function settingsText(): string {
  const rows = Object.entries(tenantSettingRows).map(([setting, { schema, otherwise, about, reason }]) => {
    // JSON Schema's own types allow more than ours say: what is not read here is not looked at.
    const described = z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any' }) as Described
    return { name: setting, about, reason, otherwise, field: fieldOf(described) }
  })
  return `export const settingRows = ${JSON.stringify(rows)}`
}

export const tenantSettings: Plugin = {
  name: 'tenant-settings',
  enforce: 'pre',
  resolveId: (source) => (source === name ? resolved : undefined),
  load: (id) => (id === resolved ? { code: settingsText(), moduleSideEffects: false } : undefined),
}
