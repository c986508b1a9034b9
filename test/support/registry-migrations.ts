/** Responsible for the registry's tables before each test file inside workerd; it knows no test. */
import { applyD1Migrations, env } from 'cloudflare:test'

await applyD1Migrations(env.REGISTRY, env.TEST_REGISTRY_MIGRATIONS)
