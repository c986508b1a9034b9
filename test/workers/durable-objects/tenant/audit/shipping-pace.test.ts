/** Says when shipments leave: soon for a tenant that was quiet, once a second for a busy one, and with all that was asked for. */
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { OutboxShipper, type ShipperParts } from '../../../../../durable-objects/tenant/audit/outbox-shipper.ts'
import { auditChain } from '../../../registry/rows.ts'

/** Two hundred milliseconds after the first row, and a second after the last shipment. */
const soon = 200
const paced = 1_000

function shipping(tenant: string) {
  const chain = auditChain(40, () => ({ job_id: null }))
  const state = { at: Date.UTC(2026, 0, 1), rows: 0, shipments: 0, down: false }
  const timers: { readonly ms: number; readonly run: () => void }[] = []
  const flights: Promise<unknown>[] = []
  const database: D1Database = new Proxy(env.REGISTRY, {
    get: (real, key) =>
      key === 'batch'
        ? (statements: D1PreparedStatement[]) => {
            state.shipments += 1
            return state.down ? Promise.reject(new Error('D1_ERROR: Network connection lost.')) : real.batch(statements)
          }
        : real.prepare.bind(real),
  })
  const audit = {
    after: (seq: number, most: number) => chain.slice(seq, Math.min(seq + most, state.rows)),
    head: () => chain[state.rows - 1],
  }
  const shipper = new OutboxShipper({
    database,
    tenant,
    // Of the stores it asks only for rows here: none of them ends a job or changes a worker.
    seeing: () => ({ at: state.at, store: { audit } }) as unknown as ReturnType<ShipperParts['seeing']>,
    setTimer: (run, ms) => {
      timers.push({ run, ms })
      return () => undefined
    },
    waitUntil: (promise) => void flights.push(promise),
    failed: () => undefined,
    forked: () => undefined,
  })
  const commit = (): void => {
    state.rows += 1
    shipper.nudge()
  }
  /** The timers that are set, run after their time. */
  const ring = async (): Promise<readonly number[]> => {
    const due = timers.splice(0)
    state.at += Math.max(0, ...due.map(({ ms }) => ms))
    for (const { run } of due) run()
    await Promise.all(flights.splice(0))
    return due.map(({ ms }) => ms)
  }
  return { shipper, state, commit, ring }
}

it('rows of many commands leave together: soon at first, then once a second', async () => {
  const { shipper, state, commit, ring } = shipping('pace')
  for (let command = 0; command < 10; command += 1) commit()
  expect(await ring()).toEqual([soon])
  const first = state.shipments
  for (let command = 0; command < 20; command += 1) commit()
  expect(await ring()).toEqual([paced])
  expect([shipper.shipped, state.shipments - first]).toEqual([30, 1])
  state.at += 10 * paced
  commit()
  expect(await ring()).toEqual([soon])
  expect(shipper.shipped).toBe(31)
  expect(await ring()).toEqual([])
})

it('what is written during a shipment waits for the next one, unless somebody asks for it', async () => {
  const { shipper, state, commit, ring } = shipping('during')
  commit()
  await ring()
  commit()
  const flight = shipper.flush()
  commit()
  await flight
  expect(shipper.shipped).toBe(2)
  expect(await ring()).toEqual([paced])
  expect(shipper.shipped).toBe(3)
  commit()
  const other = shipper.flush()
  commit()
  await Promise.all([other, shipper.flush()])
  expect([shipper.shipped, state.rows]).toEqual([5, 5])
})

it('while D1 is down it is tried later and later, however many commands come', async () => {
  const { shipper, state, commit, ring } = shipping('down')
  state.down = true
  commit()
  expect(await ring()).toEqual([soon])
  commit()
  expect(await ring()).toEqual([paced])
  commit()
  expect(await ring()).toEqual([5_000])
  state.down = false
  expect(await ring()).toEqual([15_000])
  expect(shipper.shipped).toBe(3)
})
