/** Responsible for the types of the bindings that tests inside workerd see: the Worker's own, and the tests' additions. */
declare namespace Cloudflare {
  interface Env extends globalThis.Env {
    readonly TEST_REGISTRY_MIGRATIONS: import('cloudflare:test').D1Migration[]
  }
}
