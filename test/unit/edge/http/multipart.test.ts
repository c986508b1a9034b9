/** Says how a form is taken apart while it arrives: the same parts wherever the network cuts it, and an error where it could mean two things. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boundaryOf, MalformedMultipart, multipartEvents } from '../../../../src/edge/http/multipart.ts'

const boundary = '----------------------------735323031399963166993862150'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

interface Part {
  readonly name: string
  readonly filename: string | undefined
  readonly contentType: string | undefined
  readonly content: string
}

async function* pieces(body: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.byteLength; at += size) yield body.slice(at, at + size)
}

async function partsOf(body: Uint8Array, size = body.byteLength, limit = boundary): Promise<readonly Part[]> {
  const parts: Part[] = []
  let content: Uint8Array[] = []
  let head: Omit<Part, 'content'> | undefined
  for await (const event of multipartEvents(pieces(body, Math.max(1, size)), limit)) {
    if (event.kind === 'part') {
      head = event.head
      content = []
    } else if (event.kind === 'bytes') content.push(event.bytes.slice())
    else if (head !== undefined) parts.push({ ...head, content: Buffer.concat(content).toString('latin1') })
  }
  return parts
}

/** As Python programs without a library of forms write one for urllib: parts joined by hand, the file last. */
const byHand = bytes(
  [
    `--${boundary}`,
    'Content-Disposition: form-data; name="job_id"',
    '',
    '17',
    `--${boundary}`,
    'Content-Disposition: form-data; name="file"; filename="report.txt"',
    'Content-Type: text/plain',
    '',
    'line one\r\nline two\r\n',
    `--${boundary}--`,
    '',
  ].join('\r\n'),
)
const asRead: readonly Part[] = [
  { name: 'job_id', filename: undefined, contentType: undefined, content: '17' },
  { name: 'file', filename: 'report.txt', contentType: 'text/plain', content: 'line one\r\nline two\r\n' },
]

const part = (head: string, content: string): string => `--${boundary}\r\n${head}\r\n\r\n${content}\r\n`
const end = `--${boundary}--\r\n`
const filePart = (disposition: string): Uint8Array =>
  bytes(`${part(`Content-Disposition: form-data; name="file"; ${disposition}`, 'x')}${end}`)
const nameIn = async (disposition: string): Promise<string | undefined> => (await partsOf(filePart(disposition)))[0]?.filename

describe('a form', () => {
  test('is read the same wherever the network cuts it', async () => {
    for (let size = 1; size <= byHand.byteLength; size += 1) expect(await partsOf(byHand, size)).toEqual(asRead)
  })

  test('may hold any bytes, whatever they look like and however they are cut', async () => {
    const near = ['\r', '\n', '\r\n', '-', '--', '\r\n--', `\r\n--${'b'.repeat(9)}`, 'b', '\0', '\xff']
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...near), { maxLength: 60 }), fc.integer({ min: 1, max: 40 }), async (words, size) => {
        const content = words.join('')
        const limit = 'bbbbbbbbbX'
        const body = Buffer.from(`--${limit}\r\nContent-Disposition: form-data; name="file"\r\n\r\n${content}\r\n--${limit}--`, 'latin1')
        expect(await partsOf(new Uint8Array(body), size, limit)).toMatchObject([{ name: 'file', content }])
      }),
    )
  })

  test('may begin with a preamble, pad its boundaries and go on after its end', async () => {
    const padded = bytes(
      `to be ignored\r\n--${boundary} \t\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--${boundary}--\r\nepilogue\r\n--`,
    )
    for (const size of [1, 7, padded.byteLength]) expect(await partsOf(padded, size)).toMatchObject([{ name: 'a', content: 'b' }])
  })

  test('may have empty parts, and none', async () => {
    expect(await partsOf(bytes(part('Content-Disposition: form-data; name="a"', '') + end))).toMatchObject([{ name: 'a', content: '' }])
    expect(await partsOf(bytes(end))).toEqual([])
  })

  test('is held to one chunk at a time: bytes come out before the rest has gone in', async () => {
    let taken = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield bytes(`--${boundary}\r\nContent-Disposition: form-data; name="file"\r\n\r\n`)
      for (; taken < 1_000; taken += 1) yield new Uint8Array(1_000)
    }
    let given = 0
    for await (const event of multipartEvents(endless(), boundary)) {
      if (event.kind !== 'bytes') continue
      given += event.bytes.byteLength
      if (given > 5_000) break
    }
    expect(taken).toBeLessThan(8)
  })
})

describe('a file name', () => {
  test('is read in every spelling that senders use', async () => {
    expect(await nameIn('filename="plain.txt"')).toBe('plain.txt')
    expect(await nameIn('filename=bare.txt')).toBe('bare.txt')
    expect(await nameIn('filename="naïve 文書 🦊.txt"')).toBe('naïve 文書 🦊.txt')
    expect(await nameIn(`filename="fallback.txt"; filename*=UTF-8''na%C3%AFve%20%E6%96%87.txt`)).toBe('naïve 文.txt')
    expect(await nameIn(`filename*=utf-8'en'a%20b.txt`)).toBe('a b.txt')
    expect(await nameIn(`filename="kept.txt"; filename*=UTF-8''%ZZ`)).toBe('kept.txt')
    expect(await nameIn('filename="say \\"hi\\".txt"')).toBe('say "hi".txt')
    expect(await nameIn('filename="say %22hi%22 100%.txt"')).toBe('say "hi" 100%.txt')
    expect(await nameIn('filename="C:\\Users\\me\\a.txt"')).toBe('C:\\Users\\me\\a.txt')
    expect(await nameIn('filename="semi;colon.txt"')).toBe('semi;colon.txt')
    expect(await nameIn('filename=""')).toBe('')
  })

  test('is that of the first of two', async () => {
    expect(await nameIn('filename="one.txt"; filename="two.txt"')).toBe('one.txt')
  })
})

describe('a malformed form', () => {
  const malformed = (text: string): Promise<void> => expect(partsOf(bytes(text))).rejects.toThrow(MalformedMultipart)

  test('is an error, not a guess', async () => {
    await malformed('')
    await malformed('no boundary at all')
    await malformed(`--${boundary}`)
    await malformed(`--${boundary}\r\n`)
    await malformed(`--${boundary}x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n${end}`)
    await malformed(`--${boundary}\r\n\r\nno head\r\n${end}`)
    await malformed(`--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nno end`)
    await malformed(part('Content-Disposition: form-data; name="a"', 'no last boundary'))
    await malformed(part('Content-Type: text/plain', 'no name') + end)
    await malformed(part('Content-Disposition: attachment; name="a"', 'not form-data') + end)
    await malformed(part('not a header', 'x') + end)
    await malformed(part(`Content-Disposition: form-data; name="a"\r\nX-Long: ${'x'.repeat(20_000)}`, 'x') + end)
    await malformed(part('Content-Disposition: form-data; name="a"', 'x').repeat(65) + end)
  })

  test('never makes a part of what was cut off, wherever it was cut', async () => {
    for (let length = 0; length < byHand.byteLength - 4; length += 1) {
      await expect(partsOf(byHand.slice(0, length), 64)).rejects.toThrow(MalformedMultipart)
    }
  })
})

describe('the boundary', () => {
  test('is taken from the content type', () => {
    expect(boundaryOf(`multipart/form-data; boundary=${boundary}`)).toBe(boundary)
    expect(boundaryOf('Multipart/Form-Data; charset=utf-8; boundary="with space x"')).toBe('with space x')
    expect(boundaryOf('multipart/form-data')).toBe('')
    expect(boundaryOf(`multipart/form-data; boundary=${'x'.repeat(71)}`)).toBe('')
    expect(boundaryOf('multipart/mixed; boundary=x')).toBeUndefined()
    expect(boundaryOf('text/plain')).toBeUndefined()
    expect(boundaryOf(null)).toBeUndefined()
  })
})
