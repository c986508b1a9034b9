/** Pages of other origins may call only where the operator has named them. */
import { describe, expect, it } from 'vitest'
import { allowedOrigin, isPreflight, preflightAnswer, withOrigin } from '../../../../src/edge/http/cross-origin.ts'

const from = (origin: string): Request => new Request('https://reins.example/api/v1/jobs', { headers: { origin } })
function named(configured: string | undefined, origin = 'https://dash.example'): Headers {
  const headers = new Headers()
  withOrigin(headers, from(origin), configured)
  return headers
}

describe('an origin', () => {
  it('is refused unless it is configured', () => {
    expect([...named(undefined)]).toEqual([])
    expect(named('https://other.example').get('access-control-allow-origin')).toBeNull()
    for (const look of ['https://dash.example.evil.example', 'http://dash.example', 'https://dash.example:8443', 'null'])
      expect(named('https://dash.example', look).get('access-control-allow-origin'), look).toBeNull()
  })

  it('that is configured is named, alone, and caches are told that it matters', () => {
    const headers = named('https://a.example, https://dash.example/')
    expect(headers.get('access-control-allow-origin')).toBe('https://dash.example')
    expect(headers.get('vary')).toBe('origin')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    expect(allowedOrigin('https://any.example', '*')).toBe('https://any.example')
  })

  it('asks before it sends, without a key, and is told what may be sent', () => {
    const headers = {
      origin: 'https://dash.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    }
    expect(isPreflight(new Request('https://x.example/', { method: 'OPTIONS', headers }))).toBe(true)
    expect(isPreflight(new Request('https://x.example/', { method: 'OPTIONS' }))).toBe(false)
    const answer = preflightAnswer()
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-headers')).toContain('authorization')
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })
})
