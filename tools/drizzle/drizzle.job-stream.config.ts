/** Responsible for where the job-stream object's tables are declared and where their migrations go; run it through `drizzle-kit generate`. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  driver: 'durable-sqlite',
  schema: './durable-objects/job-stream/store/schema.ts',
  out: './migrations/job-stream',
})
