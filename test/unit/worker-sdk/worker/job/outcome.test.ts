/** How an ending is read: what a provider's failure means for another try. */
import { expect, it } from 'vitest'
import { ActionRefused } from '../../../../../worker-sdk/src/worker/job/executor.ts'
import { outcomeOfThrow, ProviderFailed } from '../../../../../worker-sdk/src/worker/job/outcome.ts'

const now = new Date('2026-01-01T00:00:00Z')
const tooLong = new Error('step 3 (click): locator.click: Timeout 30000ms exceeded.')

it('may try again what took too long', () => {
  expect(outcomeOfThrow(new ProviderFailed(1, '', tooLong), now)).toMatchObject({ ok: false, error: { type: 'timeout', retryable: true } })
})

it('does not try again what a provider calls final, whatever its class', () => {
  expect(outcomeOfThrow(new ProviderFailed(1, '', tooLong, true), now)).toMatchObject({ error: { type: 'timeout', retryable: false } })
  const limited = outcomeOfThrow(new ProviderFailed(1, 'rate limit, try again in 5 minutes', undefined, true), now)
  expect(limited).toMatchObject({ error: { type: 'rate_limited', retryable: false } })
  expect(limited.ok ? {} : limited.error).not.toHaveProperty('retry_at')
})

it.each(['Not on Sundays.', 'Too many mails today', 'HTTP 429', null])(
  'ends as denied, for good, what a human refused with "%s"',
  (comment) => {
    const refused = new ActionRefused('mail.send', 5, comment)
    const error = { type: 'denied', message: refused.message, retryable: false }
    expect(outcomeOfThrow(refused, now)).toEqual({ ok: false, exitCode: null, error })
    expect(outcomeOfThrow(new Error('The mail was not sent', { cause: refused }), now)).toMatchObject({ error })
  },
)
