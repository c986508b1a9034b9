/** A result that is too long is cut to what fits, says so, and stays the result of a job that succeeded. */
import { byteLength, limits } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import { ModelReinsError } from '../../../../../worker-sdk/src/client/error.ts'
import { spawnProvider } from '../../../../../worker-sdk/src/providers/spawn.ts'
import { reduceSettlement } from '../../../../../worker-sdk/src/worker/delivery/reduce-settlement.ts'
import { endOf } from '../../../../../worker-sdk/src/worker/job/long-result.ts'
import { providerExecutor } from '../../../../../worker-sdk/src/worker/job/provider-executor.ts'
import { jobOf } from '../../support/job.ts'

const max = limits.result_bytes

describe('a result', () => {
  it.each([max - 1, max])('of %i bytes is taken as it is', (bytes) => {
    const text = 'x'.repeat(bytes)
    expect(endOf(text, max)).toBe(text)
  })

  it.each([
    ['one byte above', 'x'.repeat(max) + 'z'],
    ['far above', 'x'.repeat(2 * max) + 'z'],
    ['in characters of three bytes', '€'.repeat(max / 2) + 'z'],
    ['in pairs of surrogates', '🙂'.repeat(max / 3) + 'z'],
  ])('%s the bound is its end, with a note of what is missing', (_name, text) => {
    const kept = endOf(text, max)
    expect(byteLength(kept)).toBeLessThanOrEqual(max)
    expect(byteLength(kept)).toBeGreaterThan(max - 8)
    const [, missing, rest = ''] = /^\[the first (\d+) bytes are only in the output; a result holds \d+ bytes\]\n([^]*)$/u.exec(kept) ?? []
    expect(Number(missing) + byteLength(rest)).toBe(byteLength(text))
    expect(text.endsWith(rest)).toBe(true)
  })

  it('that is cut twice counts all that is missing, once', () => {
    const text = 'x'.repeat(30_000)
    const kept = endOf(endOf(text, 10_000), 5_000)
    expect(kept.match(/only in the output/g)).toHaveLength(1)
    expect(kept.split('\n')[0]).toBe(
      `[the first ${text.length - (kept.length - kept.indexOf('\n') - 1)} bytes are only in the output; a result holds ${max} bytes]`,
    )
  })
})

describe('a program that succeeds', () => {
  it.each([max - 1_000, max + 4_000_000])('and writes %i bytes has a result that fits', async (bytes) => {
    let written = 0
    const outcome = await spawnProvider.run({
      job: jobOf({ id: 1 }),
      context: '',
      settings: { env: process.env, command: `yes 'compiling something or other' | head -c ${bytes}; exit 0` },
      signal: new AbortController().signal,
      usage: () => undefined,
      uploadArtifact: () => Promise.reject(new Error('not here')),
      output: (text) => {
        written += text.length
        return Promise.resolve()
      },
    })
    expect([outcome.exitCode, written]).toEqual([0, bytes])
    expect(byteLength(outcome.result ?? '')).toBeLessThanOrEqual(max)
    expect(outcome.result?.startsWith('[the first ')).toBe(bytes > max)
  })

  it('through any provider, whether it names its result or only writes it', async () => {
    const long = 'x'.repeat(max + 10)
    for (const result of [long, undefined]) {
      const executor = providerExecutor({
        provider: () => ({
          name: 'long',
          check: () => Promise.resolve({ usable: true, detail: '' }),
          run: async ({ output }) => {
            await output(long, 'stdout')
            return { exitCode: 0, ...(result === undefined ? {} : { result }) }
          },
        }),
        settings: () => ({ env: {} }),
        capabilities: () => [],
      })
      const context = { output: () => Promise.resolve(), usage: () => undefined, context: '', signal: new AbortController().signal }
      const returned = await executor(jobOf({ id: 1 }), context as never)
      expect(byteLength(String(returned))).toBeLessThanOrEqual(max)
    }
  })
})

describe('a completion that the server finds too large', () => {
  it('is said again with the end of its result, until it is taken: it does not become a failure', () => {
    const refusal = new ModelReinsError('too large', { code: 'too-large', status: 413 })
    const entry = { kind: 'complete' as const, token: 't', attempt: 1, body: { job_id: 1, result: '\n'.repeat(max), exit_code: 0 } }
    const first = reduceSettlement(entry, refusal)
    expect(first).toMatchObject({ kind: 'complete', body: { job_id: 1, exit_code: 0 } })
    const result = first?.kind === 'complete' ? (first.body.result ?? '') : ''
    expect(byteLength(result)).toBeLessThanOrEqual(max / 2)
    expect(result).toContain('only in the output')
  })
})
