/** Responsible for the signed heads of the trail: whether each signature is valid, checked in this browser, and what that proves. */
import { auditHeadText, type AuditHead, type AuditKey } from '@modelreins/contract'
import { useQuery } from '@tanstack/react-query'
import { useOperation } from '../../api/queries.ts'
import { Badge } from '../../parts/badge.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { Panel } from '../../parts/facts.tsx'
import { ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { Time } from '../../parts/time.tsx'

type Finding = 'holds' | 'forged' | 'no-key' | 'unchecked'

const words = {
  holds: { tone: 'good', text: 'signature holds' },
  forged: { tone: 'bad', text: 'signature does NOT hold' },
  'no-key': { tone: 'bad', text: 'signed with a key that is not listed' },
  unchecked: { tone: 'warn', text: 'not checked: this browser cannot check Ed25519' },
} as const

const bytesOf = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))

/** The key comes from the server's own list. To detect a dishonest server, a reader needs a key that they stored elsewhere. */
async function findingOf(head: AuditHead, tenant: string, keys: readonly AuditKey[]): Promise<Finding> {
  const key = keys.find((one) => one.kid === head.kid)
  if (key === undefined) return 'no-key'
  if (!isSecureContext) return 'unchecked'
  let imported: CryptoKey
  try {
    imported = await crypto.subtle.importKey('jwk', key.jwk, { name: 'Ed25519' }, false, ['verify'])
  } catch {
    return 'unchecked'
  }
  try {
    const text = new TextEncoder().encode(auditHeadText({ ...head, tenant }))
    return (await crypto.subtle.verify({ name: 'Ed25519' }, imported, bytesOf(head.signature), text)) ? 'holds' : 'forged'
  } catch {
    // The signature is not base64.
    return 'forged'
  }
}

function State(props: { readonly head: AuditHead; readonly tenant: string; readonly keys: readonly AuditKey[] }) {
  const { head, tenant, keys } = props
  const { data } = useQuery({
    queryKey: ['signature of a head', head.seq, head.signature, keys.map((key) => key.kid).join()],
    queryFn: () => findingOf(head, tenant, keys),
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: false,
  })
  return data === undefined ? null : <Badge tone={words[data].tone}>{words[data].text}</Badge>
}

export function Heads() {
  const { data, error, refetch } = useOperation('audit.heads', { limit: 10 })
  const key = data?.keys[0]
  return (
    <>
      <Panel title="Signed heads">
        {data === undefined ? (
          error === null ? (
            <Skeleton label="Signed heads" rows={3} />
          ) : (
            <ErrorNotice error={error} what="Signed heads" retry={() => void refetch()} />
          )
        ) : data.items.length === 0 ? (
          <p className="text-soft">No head is signed yet: the first one comes ten minutes after the first row, or after 256 rows.</p>
        ) : (
          <ul aria-label="Signed heads" className="divide-y divide-line">
            {data.items.map((head) => (
              <li key={head.seq} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-1.5">
                <span>Row {head.seq}</span>
                <code className="font-mono text-sm text-soft">{head.hash.slice(0, 16)}</code>
                <State head={head} tenant={data.tenant} keys={data.keys} />
                <span className="ml-auto text-sm text-soft">
                  <Time at={head.at} />
                </span>
              </li>
            ))}
          </ul>
        )}
        {key === undefined ? null : (
          <p className="mt-2 flex flex-wrap items-center gap-2 text-sm text-soft">
            Public key <code className="font-mono foreign">{key.raw}</code> <CopyButton text={key.raw} />
          </p>
        )}
      </Panel>
      <Panel title="What this proves">
        <ul className="flex list-disc flex-col gap-1 pl-5 text-soft">
          <li>
            Each row&apos;s hash covers the row and the hash before it: changing, removing, moving or inserting a row breaks every later
            hash.
          </li>
          <li>
            A signed head states which hash a row had at that time. Without the signing key, nobody can have rewritten the trail up to the
            newest head.
          </li>
          <li>
            A person who has the signing key can rewrite it. To detect that, you need heads and the public key from outside this server:
            export them regularly, or send the heads to a place that you trust.
          </li>
          <li>A decision signed with a passkey is proven even then, if its member has told you the fingerprint of the passkey.</li>
          <li>Rows state who did what, with a digest of the contents. They hold no prompts, results or files.</li>
        </ul>
      </Panel>
    </>
  )
}
