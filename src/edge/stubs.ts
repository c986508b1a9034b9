/** Responsible for finding Durable Objects by name; it depends on the types of their gates, not on their classes. */
import type { JobStreamGate } from '../../durable-objects/job-stream/gate.ts'
import type { TenantGate } from '../../durable-objects/tenant/call.ts'

// The namespaces are not typed with the classes, so their stubs have no methods; both sides implement the gates (call.ts, gate.ts).
export const tenantStub = (env: Env, tenant: string): TenantGate => env.TENANT.get(env.TENANT.idFromName(tenant)) as unknown as TenantGate

export const jobStreamStub = (env: Env, name: string): JobStreamGate =>
  env.JOB_STREAM.get(env.JOB_STREAM.idFromName(name)) as unknown as JobStreamGate
