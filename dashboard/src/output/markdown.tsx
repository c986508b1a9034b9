/**
 * Responsible for showing a model's Markdown. The text is split into tokens and drawn as elements, so HTML in it is never interpreted. Images on
 * other servers are shown as links, because loading one would reveal the viewer to that server.
 */
import { lexer, type Token, type Tokens } from 'marked'
import { createContext, memo, useContext, useMemo, type ReactNode } from 'react'
import { CopyButton } from '../parts/copy.tsx'
import { spelledOut } from '../parts/safe-text.ts'

const allowed = /^(?:https?:|mailto:)/i
/** The address if its scheme cannot run code; otherwise undefined. */
export function safeAddress(href: string): string | undefined {
  try {
    const url = new URL(href)
    return allowed.test(url.protocol) ? url.href : undefined
  } catch {
    return undefined
  }
}

function Anchor({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  const address = safeAddress(href)
  if (address === undefined) return <span title="This link leads nowhere that is safe to open.">{children}</span>
  return (
    <a href={address} target="_blank" rel="noreferrer noopener" title={address} className="text-accent underline foreign">
      {children}
    </a>
  )
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const decoded = (text: string): string => text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => named[name] ?? whole)

/** The link for a citation mark such as [a]; undefined when it is not a citation. */
export type Cite = (mark: string) => ReactNode | undefined
const CiteContext = createContext<Cite | undefined>(undefined)

/** `[a]` and `[a, c]`: answers are cited by letters, for at most 32 of them. */
const citations = /\[([a-z]{1,2}(?:, ?[a-z]{1,2})*)\]/

/** Text whose citations are links, if every mark in the brackets is known. */
function Cited({ text }: { readonly text: string }) {
  const cite = useContext(CiteContext)
  if (cite === undefined || !citations.test(text)) return spelledOut(text)
  // Every second part is the content of a pair of brackets.
  return text.split(new RegExp(citations, 'g')).map((part, index) => {
    if (index % 2 === 0) return spelledOut(part)
    const links = part.split(/, ?/).map((mark) => [mark, cite(mark)] as const)
    return links.every(([, link]) => link !== undefined)
      ? links.map(([mark, link]) => <span key={`${index} ${mark}`}>{link}</span>)
      : `[${part}]`
  })
}

function Inline({ tokens }: { readonly tokens: readonly Token[] | undefined }) {
  return (tokens ?? []).map((token, index) => <InlineToken key={index} token={token} />)
}

function InlineToken({ token }: { readonly token: Token }): ReactNode {
  switch (token.type) {
    case 'strong':
      return (
        <strong>
          <Inline tokens={token.tokens} />
        </strong>
      )
    case 'em':
      return (
        <em>
          <Inline tokens={token.tokens} />
        </em>
      )
    case 'del':
      return (
        <del>
          <Inline tokens={token.tokens} />
        </del>
      )
    case 'codespan':
      return (
        <code className="rounded-sm bg-sunken px-1 py-px font-mono text-[0.92em]">{spelledOut(String(Reflect.get(token, 'text')))}</code>
      )
    case 'br':
      return <br />
    case 'link':
      return (
        <Anchor href={String(Reflect.get(token, 'href'))}>
          <Inline tokens={token.tokens} />
        </Anchor>
      )
    case 'image':
      return (
        <Anchor href={String(Reflect.get(token, 'href'))}>
          Picture: {spelledOut(String(Reflect.get(token, 'text')) || 'no description')}
        </Anchor>
      )
    case 'text':
    case 'escape':
      return 'tokens' in token && token.tokens !== undefined ? (
        <Inline tokens={token.tokens} />
      ) : (
        <Cited text={decoded(String(Reflect.get(token, 'text')))} />
      )
    default:
      // HTML, and tokens of a newer grammar, are shown as they were written.
      return spelledOut(token.raw)
  }
}

function List({ token }: { readonly token: Tokens.List }) {
  const items = token.items.map((item, index) => (
    <li key={index} className="my-0.5">
      {item.task ? (
        <input
          type="checkbox"
          checked={item.checked === true}
          readOnly
          disabled
          aria-label={item.checked === true ? 'done' : 'not done'}
          className="mr-1.5"
        />
      ) : null}
      <Blocks tokens={item.tokens} tight={!item.loose} />
    </li>
  ))
  return token.ordered ? (
    <ol start={typeof token.start === 'number' ? token.start : 1} className="my-2 list-decimal pl-6">
      {items}
    </ol>
  ) : (
    <ul className="my-2 list-disc pl-6">{items}</ul>
  )
}

function Table({ token }: { readonly token: Tokens.Table }) {
  return (
    <div className="my-3 overflow-x-auto" role="region" aria-label="Table" tabIndex={0}>
      <table className="min-w-full text-sm">
        <thead>
          <tr>
            {token.header.map((cell, index) => (
              <th key={index} scope="col" className="border-b border-edge px-2 py-1 text-left">
                <Inline tokens={cell.tokens} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, at) => (
                <td key={at} className="border-b border-line px-2 py-1 align-top">
                  <Inline tokens={cell.tokens} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Code({ text, language }: { readonly text: string; readonly language: string }) {
  return (
    <div className="my-3 overflow-hidden rounded-md border border-line">
      <div className="flex items-center justify-between border-b border-line bg-sunken py-1 pl-3 pr-1 text-sm text-soft">
        <span className="foreign">{language === '' ? 'Code' : language.slice(0, 40)}</span>
        <CopyButton text={text} />
      </div>
      <pre tabIndex={0} aria-label="Code" className="overflow-x-auto bg-card px-3 py-2 font-mono text-sm">
        {spelledOut(text)}
      </pre>
    </div>
  )
}

const sizes = ['text-xl', 'text-lg', 'text-lg', 'text-base', 'text-base', 'text-base']

const Block = memo(
  function Block({ token, tight }: { readonly token: Token; readonly tight: boolean }): ReactNode {
    switch (token.type) {
      case 'space':
      case 'def':
        return null
      case 'hr':
        return <hr className="my-4 border-line" />
      case 'heading':
        // The heading levels belong to the page: a heading in an answer must not enter the page's outline.
        return (
          <p className={`mt-4 mb-1 font-semibold first:mt-0 ${sizes[Number(Reflect.get(token, 'depth')) - 1] ?? ''}`}>
            <Inline tokens={token.tokens} />
          </p>
        )
      case 'paragraph':
        return (
          <p className="my-2 first:mt-0 last:mb-0">
            <Inline tokens={token.tokens} />
          </p>
        )
      case 'text':
        return tight ? (
          <InlineToken token={token} />
        ) : (
          <p className="my-2">
            <InlineToken token={token} />
          </p>
        )
      case 'blockquote':
        return (
          <blockquote className="my-3 border-l-4 border-line pl-3 text-soft">
            <Blocks tokens={token.tokens ?? []} />
          </blockquote>
        )
      case 'list':
        // The lexer guarantees this shape for a token of type `list`.
        return <List token={token as Tokens.List} />
      case 'table':
        return <Table token={token as Tokens.Table} />
      case 'code':
        return <Code text={String(Reflect.get(token, 'text'))} language={String(Reflect.get(token, 'lang') ?? '')} />
      default:
        return <InlineToken token={token} />
    }
  },
  // Memoised: while an answer streams, only its last block changes.
  (one, other) => one.token.raw === other.token.raw && one.token.type === other.token.type && one.tight === other.tight,
)

function Blocks({ tokens, tight = false }: { readonly tokens: readonly Token[]; readonly tight?: boolean }) {
  return tokens.map((token, index) => <Block key={index} token={token} tight={tight} />)
}

/** A longer text is shown as plain text, in characters: parsing it would take too long. */
const longest = 300_000

function tokensOf(text: string): readonly Token[] | undefined {
  if (text.length > longest) return undefined
  try {
    return lexer(text, { gfm: true })
  } catch {
    // Thousands of nested quotes make the parser fail; the text is then shown unformatted.
    return undefined
  }
}

export function Markdown({ text, cite }: { readonly text: string; readonly cite?: Cite | undefined }) {
  const tokens = useMemo(() => tokensOf(text), [text])
  if (tokens === undefined)
    return <pre className="overflow-x-auto font-mono text-sm whitespace-pre-wrap foreign">{spelledOut(text.slice(0, 2_000_000))}</pre>
  return (
    <CiteContext value={cite}>
      <div className="max-w-prose foreign" dir="auto">
        <Blocks tokens={tokens} />
      </div>
    </CiteContext>
  )
}
