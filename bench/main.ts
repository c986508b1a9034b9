/** Responsible for running benches: all of them, or those named. Each answers one question and keeps its raw values in results/. */
import { deepQueue } from './deep-queue.ts'
import { httpCalls } from './http-calls.ts'
import { idleSockets } from './idle-sockets.ts'
import { killSwitchDrill } from './kill-drill.ts'
import { tell } from './measure.ts'
import { socketBatches } from './socket-batches.ts'
import { startLatency } from './start-latency.ts'

const benches = {
  'http-calls': httpCalls,
  'socket-batches': socketBatches,
  'start-latency': startLatency,
  'deep-queue': deepQueue,
  'idle-sockets': idleSockets,
  'kill-drill': killSwitchDrill,
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !(name in benches))
  if (names.includes('--help')) {
    console.log(`npm run bench [-- NAME ...]\n\nBenches: ${Object.keys(benches).join(', ')}. Without a name, all of them.`)
    return 0
  }
  if (unknown.length > 0) {
    console.error(`There is no bench called '${unknown[0]}'. Benches: ${Object.keys(benches).join(', ')}.`)
    return 64
  }
  for (const [name, bench] of Object.entries(benches)) if (names.length === 0 || names.includes(name)) tell(name, await bench())
  return 0
}

// The launcher requires this module, so nothing may be awaited at its top.
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
