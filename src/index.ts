/** Responsible for composing the program: the only place that connects the edge, the Durable Objects and the registry. */
import { waitUntil } from 'cloudflare:workers'
import { streamName } from '../durable-objects/job-stream/gate.ts'
import { JobStreamObject } from '../durable-objects/job-stream/job-stream-object.ts'
import { TenantObject } from '../durable-objects/tenant/tenant-object.ts'
import { version } from '../package.json'
import { createApp } from './edge/app.ts'
import { jobStreamStub, tenantStub } from './edge/stubs.ts'
import { openRegistry } from './registry/open.ts'

export { JobStreamObject, TenantObject }

const app = createApp({
  tenant: tenantStub,
  jobStream: (env, tenant, jobId) => jobStreamStub(env, streamName(tenant, jobId)),
  registry: (env) => openRegistry(env.REGISTRY),
  now: () => Date.now(),
  random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  outlive: (work) => waitUntil(work),
  version,
})

export default { fetch: (request, env) => app.fetch(request, env) } satisfies ExportedHandler<Env>
