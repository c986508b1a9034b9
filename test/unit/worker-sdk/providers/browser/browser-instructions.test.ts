/** Says what a browser job's prompt may hold, and which error names what is wrong with it. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseInstructions } from '../../../../../worker-sdk/src/providers/browser/browser-instructions.ts'

const reasonOf = (prompt: unknown): string => {
  const parsed = parseInstructions(typeof prompt === 'string' ? prompt : JSON.stringify(prompt))
  return parsed.ok ? 'accepted' : parsed.reason
}
const goto = { action: 'goto', url: 'https://example.com' }

describe('parseInstructions', () => {
  it('takes every action, and a list of steps in place of the object', () => {
    const steps = [
      { ...goto, wait_until: 'networkidle', timeout_ms: 5000 },
      { action: 'fill', selector: '#q', value: '' },
      { action: 'click', selector: 'text=Go' },
      { action: 'press', key: 'Enter' },
      { action: 'select', selector: 'select', value: 'b' },
      { action: 'wait', ms: 10 },
      { action: 'wait', selector: '.done', state: 'hidden' },
      { action: 'wait', url: '**/done' },
      { action: 'extract', selector: 'a', attribute: 'href', all: true, name: 'links' },
      { action: 'screenshot', full_page: true, name: 'whole' },
      { action: 'download', selector: 'a.csv' },
      { action: 'download', url: 'https://example.com/a.csv', name: 'a.csv' },
    ]
    expect(parseInstructions(JSON.stringify(steps))).toEqual({ ok: true, value: { steps, timeout_ms: 30_000, repeatable: false } })
    expect(parseInstructions(JSON.stringify({ steps, viewport: { width: 800, height: 600 }, timeout_ms: 1000 }))).toMatchObject({
      ok: true,
      value: { viewport: { width: 800, height: 600 }, timeout_ms: 1000 },
    })
    expect(parseInstructions(JSON.stringify({ steps, repeatable: true }))).toMatchObject({ ok: true, value: { repeatable: true } })
  })

  it('explains the format to someone who wrote a sentence', () => {
    const reason = reasonOf('Please take a screenshot of example.com')
    expect(reason).toContain('not browser instructions')
    expect(reason).toContain('{"action": "goto", "url": "https://example.com"}')
    expect(reasonOf('"text"')).toBe(reason)
    expect(reasonOf('null')).toBe(reason)
  })

  it.each([
    [{ steps: [] }, '"steps" must be a list of at least one step'],
    [{ steps: [goto], cookies: [] }, '"cookies" is unknown'],
    [[goto, 'click'], 'step 2 must be an object with an "action"'],
    [[{ goto: 'x' }], 'step 1 has no "action"'],
    [[{ action: 'toString' }], 'step 1 "toString" is not an action'],
    [[goto, { action: 'fill', selector: '#a' }], 'step 2 (fill): "value" is missing'],
    [[{ action: 'fill', selector: '', value: 'x' }], 'step 1 (fill): "selector" must be a text'],
    [[{ action: 'click', selector: 5 }], 'step 1 (click): "selector" must be a text'],
    [[{ action: 'click', selector: 'a', button: 'left' }], 'step 1 (click): "button" is unknown. It takes selector, timeout_ms'],
    [[{ ...goto, wait_until: 'never' }], 'step 1 (goto): "wait_until" must be one of load,'],
    [[{ ...goto, timeout_ms: -1 }], 'step 1 (goto): "timeout_ms" must be a number of milliseconds'],
    [[{ action: 'wait' }], 'step 1 (wait): needs exactly one of selector, url, ms'],
    [[{ action: 'download', selector: 'a', url: 'https://a' }], 'step 1 (download): needs exactly one of selector, url'],
    [[{ action: 'goto', url: 'example.com' }], 'step 1 (goto): "example.com" is not a URL'],
    [[{ action: 'goto', url: 'file:///etc/passwd' }], 'step 1 (goto): "file:" is not allowed'],
    [[{ action: 'goto', url: 'javascript:alert(1)' }], 'step 1 (goto): "javascript:" is not allowed'],
    [{ steps: [goto], viewport: { width: 0, height: 1 } }, '"viewport" must have width and height'],
    [{ steps: [goto], timeout_ms: '5' }, '"timeout_ms" must be a number'],
    [{ steps: [goto], repeatable: 'yes' }, '"repeatable" must be true or false'],
    [Array.from({ length: 201 }, () => goto), '201 steps are too many'],
  ])('refuses %j and says what is wrong', (prompt, reason) => {
    expect(reasonOf(prompt)).toContain(reason)
  })

  it('takes what the documentation shows', () => {
    const page = readFileSync(new URL('../../../../../docs/how-to/browser-jobs.md', import.meta.url), 'utf8')
    const examples = [...page.matchAll(/```json\n(.+?)```/gs)].map(([, json]) => json ?? '')
    expect(examples).toHaveLength(2)
    for (const example of examples) expect(parseInstructions(example)).toMatchObject({ ok: true })
  })
})
