/** Responsible for the paths of the job-stream object's table declarations and migrations; used by `drizzle-kit generate`. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  driver: 'durable-sqlite',
  schema: './durable-objects/job-stream/store/schema.ts',
  out: './migrations/job-stream',
})
