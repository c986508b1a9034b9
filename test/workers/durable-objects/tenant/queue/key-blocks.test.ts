/** A dispatch is recognised by its key whatever has happened since, though its key is no row of its own. */
import * as fc from 'fast-check'
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { drizzle } from 'drizzle-orm/durable-sqlite'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { limits } from '@modelreins/contract'
import { Rollback } from '../../../../../durable-objects/tenant/kernel/rollback.ts'
import { KeyBlocks } from '../../../../../durable-objects/tenant/queue/key-blocks.ts'
import { KeyStore } from '../../../../../durable-objects/tenant/queue/key-store.ts'
import { failureOf, frozenTime, TestTenant } from '../harness.ts'

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})

const dispatch = (tenant: TestTenant, key: string, prompt = 'p') =>
  tenant.call('jobs.dispatch', { prompt, when_offline: 'queue', idempotency_key: key })

describe('the key of a dispatch', () => {
  it('stands for its job in memory, in a block, and after each eviction', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    const made = 300
    const keys = Array.from({ length: made }, (_, index) => `key ${index}`)
    for (let from = 0; from < made; from += 50) {
      const jobs = keys.slice(from, from + 50).map((idempotency_key) => ({ prompt: 'p', when_offline: 'queue' as const, idempotency_key }))
      await tenant.must('jobs.dispatch_batch', { jobs })
    }
    const rows = (table: string, where = 'true') =>
      runInDurableObject(tenant.raw, (_, state) =>
        Number(state.storage.sql.exec(`select count(*) as n from ${table} where ${where}`).one()['n']),
      )
    expect([await rows('key_blocks'), await rows('jobs', 'idempotency_key is not null')]).toEqual([1, 0])
    for (const evicted of [false, true]) {
      if (evicted) await abortAllDurableObjects()
      for (const id of [1, 2, 255, 256, 257, 300]) {
        expect(await dispatch(tenant, `key ${id - 1}`)).toMatchObject({ ok: true, replayed: true, value: { id } })
        expect(failureOf(await dispatch(tenant, `key ${id - 1}`, 'another'))).toBe('idempotency-conflict')
      }
    }
    // Also of a job that has ended.
    await tenant.must('jobs.abort', { job_id: 7 })
    expect(await dispatch(tenant, 'key 6')).toMatchObject({ replayed: true, value: { id: 7, status: 'failed' } })
    clock.pass(limits.idempotency_ms + 1)
    expect(await dispatch(tenant, 'key 6', 'another')).toMatchObject({ ok: true, value: { id: made + 1 } })
    expect(await dispatch(tenant, 'key 6', 'another')).toMatchObject({ replayed: true, value: { id: made + 1 } })
  })

  it('is free again when the dispatch was taken back', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    const jobs = [
      { prompt: 'p', idempotency_key: 'a' },
      { prompt: 'p', target: 'nobody' },
    ]
    expect(failureOf(await tenant.call('jobs.dispatch_batch', { jobs }))).toBe('no-eligible-worker')
    expect(await dispatch(tenant, 'a', 'another')).toMatchObject({ ok: true, value: { id: 1 } })
  })

  it('of before there were blocks is found by the index', async () => {
    const tenant = await TestTenant.create()
    await tenant.worker('anna')
    await dispatch(tenant, 'old')
    await runInDurableObject(tenant.raw, (_, { storage: { sql } }) => {
      sql.exec('update jobs set idempotency_key = dispatch_key, dispatch_key = null')
    })
    await abortAllDurableObjects()
    expect(await dispatch(tenant, 'old')).toMatchObject({ replayed: true, value: { id: 1 } })
    expect(failureOf(await dispatch(tenant, 'old', 'another'))).toBe('idempotency-conflict')
  })
})

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        key: fc.option(fc.constantFrom(...'abcdefghijklmnopqrst')),
        undone: fc.constantFrom(false, false, false, true),
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom('evicted', 'a day passes', 'old keys are forgotten' as const) },
  ),
  { minLength: 20, maxLength: 80, size: 'max' },
)

it('blocks of any sizes answer as a table of keys would', async () => {
  const tenant = await TestTenant.create()
  await tenant.worker('anna')
  await tenant.must('jobs.dispatch', { prompt: 'p' })
  await runInDurableObject(tenant.raw, async (_, state) => {
    const { sql } = state.storage
    const columns = sql
      .exec(
        "select group_concat(name) as names from pragma_table_info('jobs') where name not in ('id', 'created_at', 'dispatch_key', 'idempotency_key', 'idempotency_digest')",
      )
      .one()['names']
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 2, max: 4 }),
        fc.constantFrom(5, 1_000),
        async (happened, jobs, merged, keys) => {
          sql.exec('delete from key_blocks')
          sql.exec('delete from jobs where id > 1')
          const rollback = new Rollback()
          const db = drizzle(state.storage)
          const open = () => new KeyStore(db, rollback.forget, new KeyBlocks(db, rollback.forget, { jobs, merged, keys }))
          let store = open()
          let at = 1_000
          let id = 1
          const expected = new Map<string, { readonly job_id: number; readonly at: number }>()
          for (const step of happened) {
            if (step === 'evicted') store = open()
            else if (step === 'a day passes') at += limits.idempotency_ms + 1
            else if (step === 'old keys are forgotten') store.forget(at - limits.idempotency_ms)
            else {
              const known = step.key === null ? undefined : store.dispatchedWith(step.key, at - limits.idempotency_ms)
              const wanted = step.key === null ? undefined : expected.get(step.key)
              expect(known?.job_id).toBe(wanted === undefined || wanted.at < at - limits.idempotency_ms ? undefined : wanted.job_id)
              if (known !== undefined) continue
              rollback.begin()
              try {
                state.storage.transactionSync(() => {
                  const noted = store.note(id + 1, at, step.key === null ? undefined : { key: step.key, digest: `of ${id + 1}` })
                  const key = noted?.key ?? null
                  const indexed = noted?.indexed === true
                  sql.exec(
                    `insert into jobs (id, created_at, dispatch_key, idempotency_key, idempotency_digest, ${columns}) select ?, ?, ?, ?, ?, ${columns} from jobs where id = 1`,
                    id + 1,
                    at,
                    indexed ? null : key,
                    indexed ? key : null,
                    noted?.digest ?? null,
                  )
                  if (step.undone) throw new Error('undone')
                })
                rollback.commit()
                id += 1
                if (step.key !== null) expected.set(step.key, { job_id: id, at })
              } catch (error) {
                rollback.undo()
                if (!step.undone) throw error
              }
            }
            at += 1
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
