/** Responsible for the model-based tests, which drive the real object in workerd. */
import { insideWorkerd } from './vitest.workers.config.ts'

export default insideWorkerd('model', 'test/model/**/*.test.ts')
