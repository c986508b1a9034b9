/** Responsible for one review: who requests what and why, its files and votes, and the decision. */
import type { Review } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { useOperation } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { Markdown } from '../../output/markdown.tsx'
import { Badge, ReviewBadge, TierBadge } from '../../parts/badge.tsx'
import { Facts, Panel } from '../../parts/facts.tsx'
import { Notice } from '../../parts/notices.tsx'
import { oneLine, spelledOut } from '../../parts/safe-text.ts'
import { bytesWords, Time } from '../../parts/time.tsx'
import { Decide } from './decide.tsx'
import { History } from './history.tsx'
import { Payload } from './payload.tsx'
import { Signature } from './signature.tsx'

function Files({ review }: { readonly review: Review }) {
  const { data } = useOperation('artifacts.list', { review_id: review.id }, { enabled: review.artifacts.length > 0 })
  if (review.artifacts.length === 0) return null
  return (
    <Panel title="Files">
      <ul className="divide-y divide-line">
        {(data?.items ?? []).map((file) => (
          <li key={file.slug} className="flex flex-wrap items-center justify-between gap-3 py-2">
            <a className="min-w-0 font-medium text-accent underline foreign" href={`/s/${encodeURIComponent(file.slug)}`} download>
              {oneLine(file.filename)}
            </a>
            <span className="text-sm text-soft">
              {file.content_type}, {bytesWords(file.size_bytes)}
            </span>
            <code className="w-full text-xs text-soft foreign">SHA-256 {file.sha256}</code>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Votes({ review }: { readonly review: Review }) {
  if (review.decisions.length === 0) return null
  return (
    <Panel title="Decisions">
      <ol className="divide-y divide-line">
        {review.decisions.map((decision, index) => (
          <li key={index} className="py-2">
            <p>
              <strong className="foreign">{decision.by}</strong> <code className="text-xs text-soft">{decision.member_id}</code>:{' '}
              {decision.verdict}{' '}
              <span className="text-sm text-soft">
                <Time at={decision.at} />
              </span>
            </p>
            {decision.comment === null ? null : <p className="text-soft foreign">{spelledOut(decision.comment)}</p>}
            {decision.proof === undefined ? null : (
              <Signature
                decided={{
                  action: `review.${decision.verdict}`,
                  subject: `review:${review.id}`,
                  digest: decision.digest,
                  actor: { kind: 'member', id: decision.member_id, name: decision.by },
                }}
                comment={decision.comment}
                proof={decision.proof}
              />
            )}
          </li>
        ))}
      </ol>
    </Panel>
  )
}

export function ReviewDetail({ review, onDecided }: { readonly review: Review; readonly onDecided: () => void }) {
  const me = useMe()
  const mayDecide = useMay('reviews.decide')
  const mine = review.decisions.find((decision) => decision.member_id === me.id)
  const approvals = review.decisions.filter((decision) => decision.verdict === 'approve' || decision.verdict === 'edit').length
  const last = review.decisions.at(-1)
  return (
    <article className="flex min-w-0 flex-col gap-4" aria-label={`Review ${review.id}`}>
      <div>
        <div className="flex flex-wrap items-center gap-2">
          <ReviewBadge status={review.status} />
          {review.risk_tier === null ? null : <TierBadge tier={review.risk_tier} />}
          {review.irreversible ? <Badge tone="bad">Irreversible</Badge> : null}
          {review.signed === 'required' ? <Badge tone="accent">Signed decisions only</Badge> : null}
          {review.capability === null ? null : <Badge>{review.capability}</Badge>}
        </div>
        <h2 className="mt-1 text-xl font-semibold foreign">{oneLine(review.title, 500)}</h2>
      </div>
      {review.status === 'pending' ? null : (
        <Notice
          tone={review.status === 'denied' ? 'bad' : 'plain'}
          title={`Already ${review.status === 'consumed' ? 'approved and used' : review.status}`}
        >
          {last === undefined
            ? 'No member decided it.'
            : `${last.by} decided (${last.verdict})${last.comment === null ? '' : `: ${spelledOut(last.comment)}`}`}
        </Notice>
      )}
      <Panel title="Who asks">
        <Facts
          rows={[
            ['Asked by', review.created_by],
            ['Kind', review.type],
            review.job_id === null
              ? undefined
              : [
                  'Job',
                  <Link key="job" to="/jobs/$jobId" params={{ jobId: String(review.job_id) }} className="text-accent underline">
                    {review.job_id}
                  </Link>,
                ],
            review.target === null ? undefined : ['Target', review.target],
            review.session === null ? undefined : ['Grants', `later uses in ${review.session}`],
            ['Asked', <Time key="at" at={review.created_at} />],
            review.expires_at === null || review.status !== 'pending'
              ? undefined
              : ['Expires', <Time key="expires" at={review.expires_at} />],
            review.quorum.approve > 1 ? ['Votes', `${approvals} of ${review.quorum.approve} approvals`] : undefined,
          ]}
        />
        {review.content === '' ? null : (
          <div className="mt-3 border-t border-line pt-3">
            <Markdown text={review.content} />
          </div>
        )}
        {review.preview === null ? null : (
          <div className="mt-3 border-t border-line pt-3">
            <Markdown text={review.preview} />
          </div>
        )}
      </Panel>
      {review.caveat === undefined ? null : (
        <Notice tone="warn" title="Approving will not start it">
          {review.caveat}
        </Notice>
      )}
      <Payload review={review} />
      <Files review={review} />
      <Votes review={review} />
      <History review={review} />
      {review.status !== 'pending' ? null : mayDecide ? (
        mine === undefined ? (
          <Decide key={review.id} review={review} onDecided={onDecided} />
        ) : (
          <Notice>You have voted. It needs {review.quorum.approve - approvals} more.</Notice>
        )
      ) : (
        <Notice>A reviewer or owner decides this; your role may read it.</Notice>
      )}
    </article>
  )
}
