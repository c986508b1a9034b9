/** Responsible for one question: how large is the deployed module, and which parts contribute to its size? */
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { workerBundle } from '../tools/bundle/worker-bundle.ts'
import { atMost, figure } from './measure.ts'
import type { Answer, Bench, Figure } from './measure.ts'
import { obstacles } from './obstacles.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const shown = 18

/** A range of the module's text that comes from one part. */
interface Piece {
  readonly part: string
  readonly text: string
}

/** The part that a source belongs to: the name of a package, such as `zod`; for our own code the first folders of the path. */
function partOf(source: string): string {
  const place = source.replaceAll('\\', '/').replace(/^(\.\.\/)+/, '')
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(place)?.[1]
  if (inPackage !== undefined) return inPackage
  // Some packages have their own source maps, whose sources have other paths.
  return place
    .split('/')
    .slice(0, place.startsWith('durable-objects/tenant/') ? 3 : 2)
    .join('/')
}

/** A mapping that begins inside an identifier is imprecise. */
const insideWord = /[\w$]{2}/y

function piecesOf(code: string, mapText: string): readonly Piece[] {
  const map = new SourceMap(JSON.parse(mapText))
  const pieces: Piece[] = []
  for (const [line, text] of code.split('\n').entries()) {
    let begun = 0
    let part = '(the bundler)'
    for (let column = 0; column < text.length; column += 1) {
      insideWord.lastIndex = column - 1
      if (column > 0 && insideWord.test(text)) continue
      const entry = map.findEntry(line, column)
      const here =
        'originalSource' in entry && typeof entry.originalSource === 'string' && entry.generatedLine === line
          ? partOf(entry.originalSource)
          : part
      if (here !== part) {
        pieces.push({ part, text: text.slice(begun, column) })
        begun = column
        part = here
      }
    }
    pieces.push({ part, text: `${text.slice(begun)}\n` })
  }
  return pieces
}

const kib = (text: string): number => gzipSync(text).length / 1024

/** How much smaller the module becomes when each part is removed. */
function partFigures(code: string, map: string): readonly Figure[] {
  const pieces = piecesOf(code, map)
  const whole = kib(code)
  const parts = [...new Set(pieces.map(({ part }) => part))]
  return parts
    .map((part) => {
      const value =
        whole -
        kib(
          pieces
            .filter((piece) => piece.part !== part)
            .map(({ text }) => text)
            .join(''),
        )
      return figure(part, 'KiB', [value])
    })
    .toSorted((left, right) => right.value - left.value)
    .slice(0, shown)
}

async function run(): Promise<Answer> {
  const { code, map } = await workerBundle({ root, minify: true })
  const size = kib(code)
  return {
    question: 'How large is the deployed module (gzip), and what does the sum lose without each part?',
    figures: [figure('the whole module', 'KiB', [size], atMost(100, obstacles.ownCode)), ...partFigures(code, map ?? '{}')],
  }
}

export const bench: Bench = { about: 'the size of the deployed module, and of its parts', expectedS: { full: 5, quick: 5 }, run }
