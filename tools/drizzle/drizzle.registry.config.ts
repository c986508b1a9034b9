/** Responsible for where the D1 registry's tables are declared and where their migrations go; run it through `drizzle-kit generate`. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  schema: './src/registry/schema.ts',
  out: './migrations/registry',
})
