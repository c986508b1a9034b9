/** Responsible for the paths of the tenant object's table declarations and migrations; used by `drizzle-kit generate`. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  driver: 'durable-sqlite',
  schema: './durable-objects/tenant/**/tables.ts',
  out: './migrations/tenant',
})
