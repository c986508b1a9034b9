/** Responsible for a worker in this process that answers as the test specifies; it uses the SDK's own `Worker`. */
import { Worker } from '../../worker-sdk/src/index.ts'

export interface AnsweringWorker {
  readonly stop: () => Promise<void>
}

export type Executor = NonNullable<ConstructorParameters<typeof Worker>[0]>['executor']

export async function startWorker(
  url: string,
  token: string,
  name: string,
  executor: Executor,
  more: { readonly machine?: string } = {},
): Promise<AnsweringWorker> {
  const worker = new Worker({ url, token, name, ...more, ...(executor === undefined ? {} : { executor }) })
  await worker.start()
  return { stop: () => worker.stop() }
}
