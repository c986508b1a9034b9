/** Responsible for creating the registry's tables before each test file inside workerd. */
import { applyD1Migrations, env } from 'cloudflare:test'

await applyD1Migrations(env.REGISTRY, env.TEST_REGISTRY_MIGRATIONS)
