/** Responsible for where the tenant object's tables are declared and where their migrations go; run it through `drizzle-kit generate`. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  driver: 'durable-sqlite',
  schema: './durable-objects/tenant/**/tables.ts',
  out: './migrations/tenant',
})
