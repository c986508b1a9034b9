/**
 * Responsible for showing output as a terminal does: only the lines in view are drawn, and it follows the end only while the reader is at the end.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useLayoutEffect, useMemo, useRef, useState, type CSSProperties } from 'react'
import { Button } from '../parts/button.tsx'
import { CopyButton } from '../parts/copy.tsx'
import { spelledOut } from '../parts/safe-text.ts'
import { bytesWords, numberWords, plural } from '../parts/time.tsx'
import { bareText, piecesOf, type Style, type TerminalLine, type TerminalLines } from './terminal-lines.ts'

/** The sixteen colours, legible on the terminal's dark ground. */
const palette = [
  '#8b96a5',
  '#ff8f86',
  '#7fd6a0',
  '#f0c06a',
  '#8ab8ff',
  '#e2a3ff',
  '#72d6e0',
  '#d7dde6',
  '#a3aebd',
  '#ffb0a9',
  '#a3e6bd',
  '#ffd58c',
  '#aecdff',
  '#eec4ff',
  '#9be7ee',
  '#ffffff',
]
const cube = (value: number): string => {
  const step = (part: number): number => (part === 0 ? 0 : 55 + part * 40)
  if (value >= 232) {
    const grey = 8 + (value - 232) * 10
    return `rgb(${grey} ${grey} ${grey})`
  }
  const rest = value - 16
  return `rgb(${step(Math.floor(rest / 36))} ${step(Math.floor(rest / 6) % 6)} ${step(rest % 6)})`
}
const paint = (value: number | string): string => (typeof value === 'string' ? value : (palette[value] ?? cube(value)))

function css(style: Style): CSSProperties | undefined {
  const { fg, bg, bold, faint, italic, underline, inverse } = style
  if (fg === undefined && bg === undefined && !bold && !faint && !italic && !underline && !inverse) return undefined
  const [front, back] = inverse ? [bg ?? '#0b0f14', fg ?? '#d7dde6'] : [fg, bg]
  return {
    ...(front === undefined ? {} : { color: paint(front) }),
    ...(back === undefined ? {} : { backgroundColor: paint(back) }),
    ...(bold ? { fontWeight: 700 } : {}),
    ...(faint ? { opacity: 0.75 } : {}),
    ...(italic ? { fontStyle: 'italic' } : {}),
    ...(underline ? { textDecoration: 'underline' } : {}),
  }
}

const Line = memo(function Line({ line, hit }: { readonly line: TerminalLine; readonly hit: boolean }) {
  const { pieces, left } = useMemo(() => piecesOf(line), [line])
  const look =
    line.origin === 'gap'
      ? 'text-[#f0c06a] border-y border-dashed border-[#f0c06a]/60'
      : line.origin === 'stderr'
        ? 'text-[#ffb0a9]'
        : line.origin === 'system'
          ? 'text-[#a3aebd]'
          : ''
  return (
    <span className={`block h-5 ${look} ${hit ? 'bg-[#5a4300]' : ''}`}>
      {line.origin === 'stderr' ? <span className="sr-only">standard error: </span> : null}
      {pieces.map((piece, index) => (
        <span key={index} style={css(piece.style)}>
          {spelledOut(piece.text)}
        </span>
      ))}
      {left > 0 ? (
        <span className="text-[#f0c06a]"> … {numberWords(left)} more characters on this line; copy or download has them all</span>
      ) : null}
    </span>
  )
})

const lineHeight = 20
/** Pasting more than this makes many programs hang; a download contains everything. */
const copyChars = 4_000_000

interface Props {
  readonly output: TerminalLines
  /** Changes whenever `output` has grown. */
  readonly version: number
  readonly name: string
  readonly live: boolean
}

export function Terminal({ output, version, name, live }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const top = useRef(0)
  const [away, setAway] = useState(false)
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const rows = useVirtualizer({
    count: output.lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => lineHeight,
    overscan: 20,
  })
  const hits = useMemo(() => {
    const wanted = query.toLowerCase()
    return wanted === '' ? [] : output.lines.flatMap((line, index) => (bareText(line.text).toLowerCase().includes(wanted) ? [index] : []))
    // `output` changes in place, so `version` stands for it.
  }, [query, output, version])
  const height = rows.getTotalSize()
  useLayoutEffect(() => {
    atEnd.current = true
    top.current = 0
  }, [output])
  useLayoutEffect(() => {
    if (atEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [height, output])
  const toEnd = (): void => {
    atEnd.current = true
    setAway(false)
    rows.scrollToIndex(output.lines.length - 1, { align: 'end' })
  }
  const find = (step: number): void => {
    if (hits.length === 0) return
    const next = (at + step + hits.length) % hits.length
    setAt(next)
    atEnd.current = false
    rows.scrollToIndex(hits[next] ?? 0, { align: 'center' })
  }
  const download = (): void => {
    const url = URL.createObjectURL(new Blob([output.text()], { type: 'text/plain' }))
    const link = document.createElement('a')
    link.href = url
    link.download = `${name}.txt`
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 1_000)
  }
  return (
    <div className="overflow-hidden rounded-lg border border-line">
      <div className="flex flex-wrap items-center gap-2 border-b border-line bg-card px-3 py-2">
        <input
          type="search"
          aria-label="Search the output"
          placeholder="Search"
          className="field min-h-8 max-w-48 text-sm"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value)
            setAt(0)
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') find(event.shiftKey ? -1 : at === 0 && !event.repeat ? 0 : 1)
          }}
        />
        {query === '' ? null : (
          <>
            <span role="status" className="text-sm text-soft">
              {hits.length === 0 ? 'not found' : `${Math.min(at + 1, hits.length)} of ${hits.length}`}
            </span>
            <Button className="min-h-8 px-2.5 text-sm" onClick={() => find(-1)} aria-label="Previous hit">
              ↑
            </Button>
            <Button className="min-h-8 px-2.5 text-sm" onClick={() => find(1)} aria-label="Next hit">
              ↓
            </Button>
          </>
        )}
        <span className="ml-auto text-sm text-soft">
          {plural(output.lines.length, 'line')}, {bytesWords(output.size)}
        </span>
        <CopyButton text={() => output.text().slice(-copyChars)} />
        <Button className="min-h-8 px-2.5 text-sm" onClick={download}>
          Download
        </Button>
      </div>
      <div className="relative">
        <div
          ref={box}
          role="log"
          aria-label="Output"
          aria-live="off"
          tabIndex={0}
          onScroll={(event) => {
            const { scrollTop, scrollHeight, clientHeight } = event.currentTarget
            if (scrollHeight - scrollTop - clientHeight < lineHeight * 1.5) atEnd.current = true
            // The output may have grown since the event was created: only scrolling up is an action of the person.
            else if (scrollTop < top.current) atEnd.current = false
            top.current = scrollTop
            if (away === atEnd.current) setAway(!atEnd.current)
          }}
          className="max-h-[60vh] min-h-24 overflow-auto bg-[#0b0f14] px-3 py-2 font-mono text-sm/5 text-[#d7dde6] focus-visible:-outline-offset-2"
        >
          <div className="relative min-w-full w-max" style={{ height }}>
            {rows.getVirtualItems().map((row) => {
              const line = output.lines[row.index]
              return line === undefined ? null : (
                <div key={row.key} className="absolute inset-x-0 top-0 whitespace-pre" style={{ transform: `translateY(${row.start}px)` }}>
                  <Line line={line} hit={query !== '' && hits[at] === row.index} />
                </div>
              )
            })}
          </div>
        </div>
        {away ? (
          <Button look="primary" className="absolute bottom-3 right-4 min-h-8 text-sm shadow-pop" onClick={toEnd}>
            {live ? 'Follow the end' : 'Jump to the end'}
          </Button>
        ) : null}
      </div>
    </div>
  )
}
