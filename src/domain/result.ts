/** Responsible for separating expected failures from bugs: failures are returned, bugs are thrown. */
import type { Failure, ProblemCode } from '@modelreins/contract'

export type Result<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly failure: Failure }

export const ok = <Value>(value: Value): Result<Value> => ({ ok: true, value })

export const fail = (
  code: ProblemCode,
  detail: string,
  more: Omit<Failure, 'code' | 'detail'> = {},
): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, detail, ...more },
})
