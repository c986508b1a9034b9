/** Responsible for what the edge needs of the rest of the program, as types: `src/index.ts` brings the real ones, tests bring theirs. */
import type { JobStreamGate } from '../../durable-objects/job-stream/gate.ts'
import type { TenantGate } from '../../durable-objects/tenant/call.ts'
import type { Registry } from '../registry/open.ts'

/** What the edge reads of D1. */
export interface RegistryPort {
  readonly tenants: Pick<Registry['tenants'], 'create' | 'list' | 'setSuspended'>
  readonly jobs: Pick<Registry['jobs'], 'get' | 'list' | 'storedResult' | 'threadsOf' | 'turns'>
  readonly audit: Pick<Registry['audit'], 'query' | 'range'>
  readonly heads: Pick<Registry['heads'], 'list' | 'range'>
}

export interface EdgePorts {
  /** A fresh stub at every call: one that has thrown is broken for good. */
  readonly tenant: (env: Env, tenant: string) => TenantGate
  readonly jobStream: (env: Env, tenant: string, jobId: number) => JobStreamGate
  readonly registry: (env: Env) => RegistryPort
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array<ArrayBuffer>
  /** Lets work end although its caller has gone: what an upload has begun is taken back then. */
  readonly outlive?: (work: Promise<unknown>) => void
  /** Of this program, as health and openapi.json tell it. */
  readonly version: string
}
