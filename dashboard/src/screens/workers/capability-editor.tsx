/** Responsible for editing the capabilities of a worker, each with its risk tier in words. */
import type { Capability, ReviewPolicy, RiskTier } from '@modelreins/contract'
import { useId } from 'react'
import { tierWords } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'

/** `key` identifies the row while its name is typed, so that the field keeps the focus. */
export interface CapabilityRow {
  readonly key: number
  readonly capability: Capability
}

let next = 1
export const capabilityRow = (name = '', risk_tier: RiskTier = 'auto'): CapabilityRow => ({ key: next++, capability: { name, risk_tier } })
export const capabilityRows = (list: readonly Capability[]): readonly CapabilityRow[] =>
  list.map((capability) => ({ key: next++, capability }))

/** Changes whether decisions must be signed; the rest of the policy stays. */
const withSigned = (policy: ReviewPolicy | undefined, required: boolean): ReviewPolicy => ({
  ...policy,
  signed: required ? 'required' : 'optional',
})

const tiers: readonly RiskTier[] = ['auto', 'audit', 'approve', 'session']

export function CapabilityEditor({
  rows,
  onChange,
}: {
  readonly rows: readonly CapabilityRow[]
  readonly onChange: (rows: readonly CapabilityRow[]) => void
}) {
  const id = useId()
  const change = (key: number, part: Partial<Capability>): void =>
    onChange(rows.map((row) => (row.key === key ? { ...row, capability: { ...row.capability, ...part } } : row)))
  return (
    <fieldset>
      <legend className="mb-1 font-medium">Capabilities</legend>
      <p className="mb-2 text-sm text-soft">What the worker may do, and how much a human has to do before it does it.</p>
      <ul className="flex flex-col gap-2">
        {rows.map((row, index) => (
          <li key={row.key} className="flex flex-wrap items-start gap-2 rounded-md border border-line p-2">
            <div className="min-w-40 flex-1">
              <label className="sr-only" htmlFor={`${id}-${row.key}`}>
                Capability {index + 1}
              </label>
              <input
                id={`${id}-${row.key}`}
                className="field"
                placeholder="email.reply"
                maxLength={120}
                value={row.capability.name}
                onChange={(event) => change(row.key, { name: event.target.value })}
              />
            </div>
            <div className="min-w-52 flex-1">
              <label className="sr-only" htmlFor={`${id}-${row.key}-tier`}>
                Risk tier of capability {index + 1}
              </label>
              <select
                id={`${id}-${row.key}-tier`}
                className="field"
                value={row.capability.risk_tier}
                onChange={(event) => change(row.key, { risk_tier: tiers.find((tier) => tier === event.target.value) ?? 'auto' })}
              >
                {tiers.map((tier) => (
                  <option key={tier} value={tier}>
                    {tier}: {tierWords[tier].effect}
                  </option>
                ))}
              </select>
            </div>
            {row.capability.risk_tier === 'approve' || row.capability.risk_tier === 'session' ? (
              <label className="order-last flex min-h-6 w-full items-center gap-2 text-sm">
                <input
                  type="checkbox"
                  className="size-4"
                  checked={row.capability.policy?.signed === 'required'}
                  onChange={(event) => change(row.key, { policy: withSigned(row.capability.policy, event.target.checked) })}
                />
                Every decision must be signed with a passkey
              </label>
            ) : null}
            <Button
              look="quiet"
              aria-label={`Remove capability ${row.capability.name || index + 1}`}
              onClick={() => onChange(rows.filter((one) => one.key !== row.key))}
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
      <Button className="mt-2" onClick={() => onChange([...rows, capabilityRow()])}>
        Add a capability
      </Button>
    </fieldset>
  )
}
