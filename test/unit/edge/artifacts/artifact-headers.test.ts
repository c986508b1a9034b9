/** Says how a download is named and cut, and what a sender may say of a file, header by header. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { safeFilename } from '../../../../src/domain/artifact/filename.ts'
import { fieldsOfHeaders, namingOf, parseFields } from '../../../../src/edge/artifacts/artifact-fields.ts'
import { namesTag, parseRange } from '../../../../src/edge/http/byte-range.ts'
import { attachment } from '../../../../src/edge/http/content-disposition.ts'

describe('the name of a download', () => {
  test('is plain in ASCII, and spelled twice beyond it', () => {
    expect(attachment('a b.txt')).toBe('attachment; filename="a b.txt"')
    expect(attachment("it's (naïve) 文.txt")).toBe(
      `attachment; filename="it's (na_ve) _.txt"; filename*=UTF-8''it%27s%20%28na%C3%AFve%29%20%E6%96%87.txt`,
    )
    expect(attachment('100%.txt')).toBe(`attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt`)
  })

  test('never ends the header or its quotes, whatever the file was called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (name) => {
        const header = attachment(safeFilename(name))
        expect(header).toMatch(/^attachment; filename="[\x20\x21\x23-\x5b\x5d-\x7e]+"(?:; filename\*=UTF-8''[A-Za-z0-9!#$&+.^_`|~%-]+)?$/)
        expect(() => new Headers({ 'content-disposition': header })).not.toThrow()
      }),
    )
  })
})

describe('a range', () => {
  test('is cut out of what is there', () => {
    expect(parseRange('bytes=0-0', 10)).toEqual({ offset: 0, length: 1 })
    expect(parseRange('bytes=2-', 10)).toEqual({ offset: 2, length: 8 })
    expect(parseRange('bytes=-3', 10)).toEqual({ offset: 7, length: 3 })
    expect(parseRange('bytes=-30', 10)).toEqual({ offset: 0, length: 10 })
    expect(parseRange('bytes=5-99', 10)).toEqual({ offset: 5, length: 5 })
    expect(parseRange('Bytes = 1 - 2', 10)).toEqual({ offset: 1, length: 2 })
  })

  test('outside of it is not satisfiable, and nonsense is no range', () => {
    for (const header of ['bytes=10-', 'bytes=10-12', 'bytes=-0', 'bytes=999999999999999-'])
      expect(parseRange(header, 10)).toBe('unsatisfiable')
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable')
    for (const header of [null, '', 'bytes=-', 'bytes=5-2', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=a-b', 'bytes=1e3-']) {
      expect(parseRange(header, 10)).toBe('whole')
    }
  })
})

test('an entity tag is found among several, weak or strong', () => {
  expect(namesTag('"a", W/"b"', '"b"')).toBe(true)
  expect(namesTag('*', '"b"')).toBe(true)
  expect(namesTag('"bb"', '"b"')).toBe(false)
  expect(namesTag(null, '"b"')).toBe(false)
})

describe('what a sender says of a file', () => {
  test('may be said in headers, the name percent-encoded', () => {
    const headers = new Headers({ 'x-filename': 'na%C3%AFve.txt', 'x-job-id': '17', 'x-share': 'true', 'x-sha256': '', 'x-other': '1' })
    expect(fieldsOfHeaders(headers)).toEqual({ filename: 'naïve.txt', job_id: '17', share: 'true' })
    expect(fieldsOfHeaders(new Headers({ 'x-filename': '100%.txt' }))).toEqual({ filename: '100%.txt' })
  })

  test('is parsed like every input, each issue named; an empty field is an absent one', () => {
    expect(parseFields({ job_id: '17', review_id: '', share: '1', expires_at: '2030-01-02T03:04:05+02:00' }, false)).toEqual({
      ok: true,
      value: { job_id: 17, share: true, expires_at: '2030-01-02T01:04:05.000Z' },
    })
    const bad = parseFields({ job_id: 'x', sha256: 'no', expires_at: 'tomorrow' }, false)
    expect(bad.ok ? [] : bad.failure.issues?.map((issue) => issue.path)).toEqual(['job_id', 'expires_at', 'sha256'])
  })

  test('may have its time without a zone, which is UTC, as Python writes it', () => {
    for (const text of ['2030-01-02T03:04:05', '2030-01-02 03:04:05', '2030-01-02T03:04:05Z', '2030-01-02T03:04:05.000000+00:00']) {
      expect(parseFields({ expires_at: text }, true)).toEqual({ ok: true, value: { expires_at: '2030-01-02T03:04:05.000Z' } })
    }
  })

  test('decides its type before the ending of its name does, unless it says nothing', () => {
    expect(namingOf({}, { filename: 'a.png', contentType: 'text/plain; charset=utf-8' }).content_type).toBe('text/plain; charset=utf-8')
    expect(namingOf({ content_type: 'image/gif' }, { filename: 'a.png', contentType: 'text/plain' }).content_type).toBe('image/gif')
    expect(namingOf({}, { filename: 'a.png', contentType: 'application/x-www-form-urlencoded' }).content_type).toBe('image/png')
    expect(namingOf({}, { filename: 'a.PNG' }).content_type).toBe('image/png')
    expect(namingOf({}, { filename: 'a.constructor' }).content_type).toBe('application/octet-stream')
    for (const forged of ['text/html\r\nX: 1', 'text', 'tëxt/html', `text/${'x'.repeat(100)}`, 'text/html; a="b\nc"']) {
      expect(namingOf({}, { filename: 'a', contentType: forged }).content_type).toBe('application/octet-stream')
    }
  })

  test('names it; nothing said means `artifact`', () => {
    expect(namingOf({ filename: '../x.txt' }, { filename: 'y.txt' }).filename).toBe('x.txt')
    expect(namingOf({}, { filename: 'y.txt' }).filename).toBe('y.txt')
    expect(namingOf({}, {})).toEqual({ filename: 'artifact', content_type: 'application/octet-stream' })
  })
})
