/** Responsible for finding objects by name. It knows their gates as types, never their classes. */
import type { JobStreamGate } from '../../durable-objects/job-stream/gate.ts'
import type { TenantGate } from '../../durable-objects/tenant/call.ts'

// A namespace that does not know its class gives stubs without methods; the gates are what both sides have agreed on (call.ts, gate.ts).
export const tenantStub = (env: Env, tenant: string): TenantGate => env.TENANT.get(env.TENANT.idFromName(tenant)) as unknown as TenantGate

export const jobStreamStub = (env: Env, name: string): JobStreamGate =>
  env.JOB_STREAM.get(env.JOB_STREAM.idFromName(name)) as unknown as JobStreamGate
