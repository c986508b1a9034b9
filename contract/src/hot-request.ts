/**
 * Responsible for reading frequent inputs field by field. The schema of the whole object takes ten times as long, and its rules are only about other
 * fields. It refuses nothing: the schema judges what is not read here, and says what is wrong. A test compares both.
 */
import type * as z from 'zod'

/** The input as the schema reads it; undefined: the schema must decide. `flat` comes from JSON, with the path parameters as text. */
export type HotReader = (flat: Readonly<Record<string, unknown>>) => Record<string, unknown> | undefined

/** For inputs that have `needed` and otherwise only `others`, which are fields without any rule about their combination. */
export function hotReader({ shape }: z.ZodObject, needed: string, ...others: readonly string[]): HotReader {
  const known = new Map([needed, ...others].map((name) => [name, shape[name]]))
  return (flat) => {
    const read: Record<string, unknown> = {}
    for (const name in flat) {
      const field = known.get(name)?.safeParse(flat[name])
      if (field?.success !== true) return undefined
      read[name] = field.data
    }
    return needed in read ? read : undefined
  }
}
