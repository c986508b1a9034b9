/** Responsible for running benches: all of them, or those named. Each answers one question and keeps its raw values in results/. */
import { deepQueue } from './deep-queue.ts'
import { httpCalls } from './http-calls.ts'
import { killSwitchDrill } from './kill-drill.ts'
import { tell } from './measure.ts'
import { socketBatches } from './socket-batches.ts'
import { startLatency } from './start-latency.ts'

const benches = {
  'http-calls': httpCalls,
  'socket-batches': socketBatches,
  'start-latency': startLatency,
  'deep-queue': deepQueue,
  'kill-drill': killSwitchDrill,
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !(name in benches))
if (unknown.length > 0 || names.includes('--help')) {
  console.error(`Benches: ${Object.keys(benches).join(', ')}. Without a name, all of them.`)
  process.exit(unknown.length > 0 ? 64 : 0)
}
for (const [name, bench] of Object.entries(benches)) if (names.length === 0 || names.includes(name)) tell(name, await bench())
