/** Responsible for what the edge needs from the rest of the program, as types: `src/index.ts` passes the real ones, tests pass their own. */
import type { JobStreamGate } from '../../durable-objects/job-stream/gate.ts'
import type { TenantGate } from '../../durable-objects/tenant/call.ts'
import type { Registry } from '../registry/open.ts'

/** The parts of D1 that the edge reads. */
export interface RegistryPort {
  readonly tenants: Pick<Registry['tenants'], 'create' | 'list' | 'setSuspended'>
  readonly jobs: Pick<Registry['jobs'], 'get' | 'list' | 'storedResult' | 'threadsOf' | 'turns'>
  readonly audit: Pick<Registry['audit'], 'query' | 'range'>
  readonly heads: Pick<Registry['heads'], 'list' | 'range'>
}

export interface EdgePorts {
  /** Returns a new stub at each call, because a stub that has thrown stays broken. */
  readonly tenant: (env: Env, tenant: string) => TenantGate
  readonly jobStream: (env: Env, tenant: string, jobId: number) => JobStreamGate
  readonly registry: (env: Env) => RegistryPort
  /** The current time, milliseconds since 1970. */
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array<ArrayBuffer>
  /** Keeps the Worker alive for this work after the client has disconnected, such as to clean up a failed upload. */
  readonly outlive?: (work: Promise<unknown>) => void
  /** Version of this program, shown by health and openapi.json. */
  readonly version: string
}
