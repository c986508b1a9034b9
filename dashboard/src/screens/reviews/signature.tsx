/**
 * Responsible for showing that a decision was signed, and by whose passkey, after this browser has checked the signature; and for saying so when it
 * is invalid.
 */
import { signedDecisionText, type AuditRow, type DecisionProof } from '@modelreins/contract'
import { useQuery } from '@tanstack/react-query'
import { assertionFault, rowFault } from '../../../../worker-sdk/src/audit/passkey-signature.ts'
import { client } from '../../api/client.ts'
import { useMay, useMe } from '../../api/session.ts'
import { Badge } from '../../parts/badge.tsx'
import { sha256Hex } from './digest.ts'

type Decided = Pick<AuditRow, 'action' | 'subject' | 'digest' | 'actor'>

/** `unpinned`: why only the server's word says whose passkey it is. `later`: the check can be repeated soon, so that this may change. */
type Finding = { readonly fault: string } | { readonly fault: undefined; readonly unpinned: string | undefined; readonly later?: true }

/** Delay before the check is repeated, in milliseconds: a busy tenant's rows reach the audit trail once a second. */
const againMs = 1_500

/** Checks against the audit row of the passkey's registration, which names its member and its key. */
async function registration(decided: Decided, proof: DecisionProof, mayRead: boolean, signal: AbortSignal): Promise<Finding> {
  if (!mayRead) return { fault: undefined, unpinned: 'your role may not read the registration of the passkey' }
  const { items } = await client.call('audit.query', { action: 'passkey.create', actor: decided.actor.id, limit: 200 }, { signal })
  const row = items.find((one) => one.subject === `passkey:${proof.passkey_id}`)
  if (row === undefined) return { fault: undefined, unpinned: 'the registration of the passkey is not in the audit trail yet', later: true }
  const same = row.digest === (await sha256Hex(proof.public_key)) && row.actor.id === decided.actor.id
  return same ? { fault: undefined, unpinned: undefined } : { fault: 'the key is not the one that this member registered' }
}

async function find(
  tenant: string,
  decided: Decided,
  comment: string | null | undefined,
  proof: DecisionProof,
): Promise<string | undefined> {
  if (comment !== undefined && proof.comment_digest !== (comment === null ? null : await sha256Hex(comment)))
    return 'the comment is another one'
  return rowFault(decided, proof) ?? (await assertionFault(crypto.subtle, proof, signedDecisionText(tenant, proof)))
}

/** `comment`: undefined when it is not known, as in the audit trail. */
export function Signature(props: { readonly decided: Decided; readonly comment?: string | null; readonly proof: DecisionProof }) {
  const { decided, comment, proof } = props
  const { tenant } = useMe()
  const mayRead = useMay('audit.read')
  const checked = useQuery({
    queryKey: ['signature', tenant, mayRead, decided.action, decided.subject, decided.digest, decided.actor.id, comment, proof],
    queryFn: async ({ signal }): Promise<Finding> => {
      const fault = await find(tenant, decided, comment, proof)
      return fault === undefined ? registration(decided, proof, mayRead, signal) : { fault }
    },
    enabled: isSecureContext,
    refetchInterval: ({ state }) => (state.data?.fault === undefined && state.data?.later === true ? againMs : false),
  })
  if (!isSecureContext)
    return <p className="text-sm text-soft">It carries a passkey signature, which browsers check over https or localhost only.</p>
  if (checked.isPending) return <p className="text-sm text-soft">It carries a passkey signature: checking it.</p>
  if (checked.error !== null) return <p className="text-sm text-soft">It carries a passkey signature, which could not be checked now.</p>
  const { data } = checked
  if (data.fault !== undefined) {
    return (
      <p role="alert" className="font-semibold text-bad">
        Its passkey signature does NOT hold: {data.fault}.
      </p>
    )
  }
  return (
    <p className="flex flex-wrap items-center gap-x-2 text-sm">
      <Badge tone={data.unpinned === undefined ? 'good' : 'warn'}>
        <span className="truncate foreign">
          signed by {decided.actor.name}’s passkey {proof.passkey_name}
        </span>
      </Badge>
      <span className="text-soft">
        {data.unpinned === undefined ? 'Checked in this browser.' : `The signature holds, but ${data.unpinned}.`}
      </span>
    </p>
  )
}
