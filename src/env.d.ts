/** Responsible for the names of the Worker's bindings and secrets (wrangler.toml). */
interface Env {
  readonly TENANT: DurableObjectNamespace
  readonly JOB_STREAM: DurableObjectNamespace
  readonly REGISTRY: D1Database
  readonly ARCHIVE: R2Bucket
  /** Static files under dist/assets (tools/build-assets.ts). */
  readonly ASSETS: Fetcher
  /** `kid:secret` pairs, comma-separated; the first one signs, all verify (token MACs, audit MACs). At least 32 characters each. */
  readonly MODELREINS_SECRET: string
  /** Creates tenants; nothing inside them. */
  readonly MODELREINS_MASTER_TOKEN: string
  /** Hosts that may be called although they are private or without TLS: `host` or `host:port`, comma-separated. */
  readonly MODELREINS_ALLOW_HOSTS?: string
  /** Origins of pages that may call this service from a browser: `https://dash.example`, comma-separated; absent: none. */
  readonly MODELREINS_ALLOW_ORIGINS?: string
  /** `required`: one-time views are revealed to nobody without the proof of their key. */
  readonly MODELREINS_VIEW_PROOF?: string
}
