/**
 * Responsible for recording the tests that are running, so that a gate that its time limit ends can name them. Vitest loads this module as a
 * reporter.
 */
import { writeFileSync } from 'node:fs'

/** Environment variable with the path of the record. */
export const recordVariable = 'MODELREINS_RUNNING_TESTS'

interface TestCase {
  readonly id: string
  readonly fullName: string
  readonly module: { readonly relativeModuleId: string }
}

// oxlint-disable-next-line import/no-default-export -- vitest takes a reporter from the default export
export default class RunningTests {
  readonly #path = process.env[recordVariable]
  readonly #running = new Map<string, { readonly test: string; readonly since: number }>()

  onTestCaseReady(test: TestCase): void {
    this.#running.set(test.id, { test: `${test.module.relativeModuleId} > ${test.fullName}`, since: Date.now() })
    this.#write()
  }

  onTestCaseResult(test: TestCase): void {
    this.#running.delete(test.id)
    this.#write()
  }

  #write(): void {
    if (this.#path !== undefined) writeFileSync(this.#path, JSON.stringify([...this.#running.values()]))
  }
}
