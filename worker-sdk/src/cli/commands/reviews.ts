/** Responsible for `reviews` and `grants`: shows what waits for a human, and sends a decision that is bound to what was shown. */
import {
  digestStart,
  digestWords,
  reviewDecision,
  reviewList,
  shown,
  shownLines,
  shownValue,
  type Grant,
  type Input,
  type Review,
  type Verdict,
} from '@modelreins/contract'
import { parseJson } from '../../client/transport.ts'
import { confirmed } from '../confirm.ts'
import { connect } from '../setup/connection.ts'
import { checked } from '../arguments/checked.ts'
import type { CommandContext } from '../context.ts'
import type { Column } from '../output/presenter.ts'
import { oneLine } from '../output/safe-text.ts'
import { showAge } from '../output/time-words.ts'
import { readTextFile } from '../arguments/read-text.ts'
import { UsageError } from '../arguments/usage-error.ts'

const shortest = 12

const columns = (now: number): readonly Column<Review>[] => [
  { title: 'ID', cell: (review) => String(review.id), right: true },
  { title: 'STATUS', cell: (review) => review.status, paint: (review, style) => (review.status === 'pending' ? style.yellow : style.dim) },
  { title: 'TIER', cell: (review) => review.risk_tier ?? review.type },
  { title: 'CAPABILITY', cell: (review) => review.capability ?? '', human: (review) => review.capability ?? '-' },
  { title: 'BY', cell: (review) => review.created_by },
  { title: 'AGE', cell: (review) => review.created_at, human: (review) => showAge(review.created_at, now), right: true },
  { title: 'TITLE', cell: (review) => (review.irreversible ? `[irreversible] ${review.title}` : review.title), wide: true },
]

export async function reviews(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const status = invocation.words('status') ?? ['pending']
  const fields = {
    status: status.includes('all') ? undefined : [...status],
    job_id: invocation.count('job'),
    capability: invocation.text('capability'),
    created_by: invocation.text('by'),
    limit: invocation.count('limit'),
    cursor: invocation.text('cursor'),
  }
  const filter = checked(reviewList, fields)
  const { client } = await connect(context)
  const page = await client.reviews.list(filter)
  if (show.json) show.value(page)
  else if (page.items.length > 0) show.table(columns(context.now), page.items)
  else show.note('No pending reviews')
  if (page.next_cursor !== null) show.note(show.errorStyle.dim(`more: --cursor ${page.next_cursor}`))
  return 0
}

function reviewNumber(text: string): number {
  const number = text.replace(/^#/, '')
  if (!/^[1-9]\d{0,15}$/.test(number)) throw new UsageError(`"${text}" is not the number of a review`)
  return Number(number)
}

export async function reviewsShow(context: CommandContext): Promise<number> {
  const { client } = await connect(context)
  const review = await client.reviews.get({ review_id: reviewNumber(context.invocation.argument(0) ?? '') })
  if (context.show.json) context.show.value(review)
  else for (const line of reviewLines(context, review)) context.show.line(line)
  return 0
}

/** Everything that a decision covers, complete: the payload as it would run, indented, with invisible characters escaped. */
function reviewLines(context: CommandContext, review: Review): readonly string[] {
  const { style } = context.show
  const facts: readonly (readonly [string, string | null | undefined])[] = [
    ['review', `${review.id}, ${review.status}${review.irreversible ? ', irreversible' : ''}`],
    ['title', review.title],
    ['type', review.risk_tier === null ? review.type : `${review.type} (tier ${review.risk_tier})`],
    ['capability', review.capability],
    ['target', review.target],
    ['by', review.created_by],
    ['job', review.job_id === null ? null : String(review.job_id)],
    ['session', review.session],
    ['quorum', review.quorum.approve === 1 ? null : `${review.quorum.approve} approvals`],
    ['created', `${review.created_at} (${showAge(review.created_at, context.now)})`],
    ['expires', review.expires_at],
    ['artifacts', review.artifacts.length === 0 ? null : review.artifacts.join(', ')],
    ['digest', review.digest],
    ['in words', digestWords(review.digest)],
    ['caveat', review.caveat],
    ['decide', review.signed === undefined ? undefined : 'in the dashboard: only decisions signed with a passkey are taken'],
  ]
  const block = (title: string, text: string | null): readonly string[] =>
    text === null || text === '' ? [] : [style.dim(title), shownLines(text).replaceAll(/^/gm, '  ')]
  return [
    ...facts.flatMap(([name, value]) => (value === null || value === undefined ? [] : [`${style.dim(name.padEnd(10))}  ${shown(value)}`])),
    ...block('content', review.content),
    ...block('preview', review.preview),
    ...(review.payload === null ? [] : block('payload', JSON.stringify(review.payload, undefined, 2))),
    ...review.decisions.map(
      (one) =>
        `${style.dim('decision  ')}  ${shown(`${one.verdict} by ${one.by} (${one.member_id}) at ${one.at}${one.comment === null ? '' : `: ${one.comment}`}`)}`,
    ),
  ]
}

interface Terms {
  readonly verdict: Verdict
  readonly past: string
  readonly question: string
}

const approval: Terms = { verdict: 'approve', past: 'approved', question: 'Approve exactly this?' }
const denial: Terms = { verdict: 'deny', past: 'denied', question: 'Deny this?' }

export const reviewsApprove = (context: CommandContext): Promise<number> => decideAll(context, approval)

export function reviewsDeny(context: CommandContext): Promise<number> {
  if (!context.invocation.has('comment')) throw new UsageError('deny needs --comment, which is sent to the worker')
  return decideAll(context, denial)
}

export async function reviewsEdit(context: CommandContext): Promise<number> {
  const file = context.invocation.text('payload-file')
  const text = file === undefined ? undefined : file === '-' ? await context.system.readStdin() : readTextFile(file)
  const payload = text === undefined ? context.invocation.json('payload') : parseJson(text)
  if (payload === undefined)
    throw new UsageError(text === undefined ? 'edit needs --payload or --payload-file' : `${file} does not hold JSON`)
  return decideOne(context, { verdict: 'edit', past: 'released as edited', question: 'Release it with the new payload?' }, { payload })
}

export function reviewsRespond(context: CommandContext): Promise<number> {
  if (!context.invocation.has('comment')) throw new UsageError('respond needs --comment: it is the answer')
  return decideOne(context, { verdict: 'respond', past: 'answered', question: '' })
}

async function decideAll(context: CommandContext, terms: Terms): Promise<number> {
  const { invocation, show } = context
  if (invocation.arguments.length === 1) return decideOne(context, terms, grantTerms(context))
  if (invocation.has('digest') || invocation.has('ttl') || invocation.has('uses'))
    throw new UsageError('--digest, --ttl and --uses accept only one review')
  const named = invocation.arguments.map(reviewNumber)
  const { client } = await connect(context)
  // The decision covers exactly what is shown. With --yes, it covers the reviews as they are at this moment.
  const review_ids: { readonly review_id: number; readonly digest: string }[] = []
  for (const review_id of named) {
    const review = await client.reviews.get({ review_id })
    if (!invocation.on('yes')) for (const line of [...reviewLines(context, review), '']) show.note(line)
    review_ids.push({ review_id, digest: review.digest })
  }
  if (!(await confirmed(context, `${terms.verdict === 'approve' ? 'Approve' : 'Deny'} these ${review_ids.length}?`)))
    return undecided(context)
  const comment = invocation.text('comment')
  const reply = await client.reviews.decideMany({
    review_ids,
    verdict: terms.verdict === 'approve' ? 'approve' : 'deny',
    ...(comment === undefined ? {} : { comment }),
  })
  if (show.json) show.value(reply)
  else {
    for (const id of reply.decided) show.line(`${id}\t${terms.past}`)
    for (const { review_id, reason } of reply.left_out) show.line(`${review_id}\tleft out\t${oneLine(reason)}`)
  }
  return reply.left_out.length === 0 ? 0 : 1
}

type More = Pick<Input<'reviews.decide'>, 'grant'> & { readonly payload?: unknown }

function grantTerms(context: CommandContext): More {
  const ttl = context.invocation.seconds('ttl')
  const uses = context.invocation.count('uses')
  if (ttl === undefined && uses === undefined) return {}
  return { grant: { ...(ttl === undefined ? {} : { ttl }), ...(uses === undefined ? {} : { uses }) } }
}

/** Reads the review, shows it, asks, and sends a decision for exactly the digest that was read. */
async function decideOne(context: CommandContext, terms: Terms, more: More = {}): Promise<number> {
  const { invocation, show } = context
  const review_id = reviewNumber(invocation.argument(0) ?? '')
  const { client } = await connect(context)
  const review = await client.reviews.get({ review_id })
  const said = invocation.text('digest')?.toLowerCase()
  const digest = said === undefined ? undefined : (digestStart(said) ?? said)
  if (digest !== undefined) {
    if (digest.length < shortest || !/^[0-9a-f]+$/.test(digest))
      throw new UsageError(`--digest takes at least the first ${shortest} characters of a digest, or its eight words in quotes`)
    if (!review.digest.startsWith(digest))
      throw new UsageError(
        `Review ${review_id} has a different payload now: its digest is ${review.digest}`,
        `reviews show ${review_id} shows it`,
      )
  } else if (terms.question !== '' && !invocation.on('yes')) {
    for (const line of reviewLines(context, review)) show.note(line)
    if (more.payload !== undefined) show.note(`new payload\n${shownValue(more.payload)}`)
    if (!(await confirmed(context, terms.question))) return undecided(context)
  }
  const comment = invocation.text('comment')
  const request = { review_id, verdict: terms.verdict, digest: review.digest, ...(comment === undefined ? {} : { comment }), ...more }
  const decided = await client.reviews.decide(checkedDecision(request))
  if (show.json) show.value(decided)
  else
    show.line(
      `review ${review_id} ${terms.past}${decided.status === 'pending' ? `; ${decided.decisions.length} of ${decided.quorum.approve} decisions so far` : ''}`,
    )
  return 0
}

function checkedDecision(request: Readonly<Record<string, unknown>>): Input<'reviews.decide'> {
  return checked(reviewDecision, request)
}

function undecided(context: CommandContext): number {
  context.show.note('Cancelled: nothing was decided')
  return 1
}

export async function reviewsWithdraw(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const review_id = reviewNumber(invocation.argument(0) ?? '')
  const comment = invocation.text('reason')
  const { client } = await connect(context)
  const review = await client.reviews.withdraw({ review_id, ...(comment === undefined ? {} : { comment }) })
  if (show.json) show.value(review)
  else show.line(`review ${review.id} ${review.status}`)
  return 0
}

export async function grants(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const session = invocation.text('session')
  const { client } = await connect(context)
  const found: Grant[] = []
  let cursor: string | undefined
  do {
    const page = await client.grants.list({
      limit: 200,
      ...(session === undefined ? {} : { session }),
      ...(invocation.on('ended') ? { include_ended: true } : {}),
      ...(cursor === undefined ? {} : { cursor }),
    })
    found.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  if (show.json) show.value({ items: found })
  else if (found.length === 0) show.note('No grants')
  else {
    show.table<Grant>(
      [
        { title: 'GRANT', cell: (grant) => grant.grant_id },
        { title: 'WORKER', cell: (grant) => grant.worker_id },
        { title: 'CAPABILITY', cell: (grant) => grant.capability },
        { title: 'SESSION', cell: (grant) => grant.session, wide: true },
        { title: 'USES', cell: (grant) => `${grant.uses}${grant.max_uses === null ? '' : `/${grant.max_uses}`}`, right: true },
        { title: 'BY', cell: (grant) => grant.granted_by },
        { title: 'UNTIL', cell: (grant) => grant.expires_at, human: (grant) => showAge(grant.expires_at, context.now) },
      ],
      found,
    )
  }
  return 0
}

export async function grantsRevoke(context: CommandContext): Promise<number> {
  const { client } = await connect(context)
  const grant = await client.grants.revoke({ grant_id: context.invocation.argument(0) ?? '' })
  if (context.show.json) context.show.value(grant)
  else context.show.note(`Grant ${grant.grant_id} is revoked`)
  return 0
}
