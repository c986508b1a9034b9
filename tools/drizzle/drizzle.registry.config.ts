/** Responsible for the paths of the D1 registry's table declarations and migrations; used by `drizzle-kit generate`. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  schema: './src/registry/schema.ts',
  out: './migrations/registry',
})
