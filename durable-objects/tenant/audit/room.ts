/** Responsible for the audit room: the chain, its shipping to D1, its signed heads. */
import { auditMacKey } from '../../../src/domain/audit/audit-keys.ts'
import { limits } from '@modelreins/contract'
import type { Live } from '../kernel/context.ts'
import type { Host } from '../kernel/host.ts'
import type { Room } from '../kernel/room.ts'
import { AuditStore } from './audit-store.ts'
import { AuditWriter } from './audit-writer.ts'
import { AuditGate } from './heads-gate.ts'
import { OutboxShipper } from './outbox-shipper.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly audit: AuditStore
  }
  interface Live {
    readonly auditGate: AuditGate
    readonly auditWriter: AuditWriter
    readonly shipper: OutboxShipper
  }
}

/** An alarm this long after a commit ships its rows again, in case the object was evicted before they arrived in D1. */
const shipAgainMs = 60_000

const later = (due: number, at: number): number | undefined => (due > at ? due : undefined)

const isUnshipped = ({ auditWriter, shipper }: Live): boolean => auditWriter.head.seq > shipper.shipped

function memory(host: Host) {
  const { store, tenant, waitUntil, now } = host
  const auditWriter = new AuditWriter(store.audit, auditMacKey(host.auditKey, tenant))
  const shipper = new OutboxShipper({
    database: host.env.REGISTRY,
    tenant,
    seeing: host.read,
    setTimer: host.setTimer,
    waitUntil,
    failed: (reason) => host.failed('outbox.ship', reason),
    forked: (seq) => console.error(JSON.stringify({ event: 'audit.fork', tenant, seq })),
  })
  const auditGate: AuditGate = new AuditGate({
    tenant,
    signingKey: host.auditKey,
    store,
    audit: auditWriter,
    shipper,
    archive: host.env.ARCHIVE,
    now,
    waitUntil,
    rearm: () => {
      host.live.due.hint(auditGate.heads.dueAt)
      host.rearm()
    },
    failed: (reason) => host.failed('audit.head', reason),
  })
  const trail: Live['trail'] = {
    append: (note, caller, at) => auditWriter.append(note, caller, at).seq,
    write: () => store.audit.write(),
    isShipped: (before) => {
      const unshipped = store.audit.after(shipper.shipped, 1)[0]
      return unshipped === undefined || Date.parse(unshipped.at) >= before
    },
  }
  return { auditWriter, shipper, auditGate, trail }
}

export const auditRoom = {
  name: 'audit',
  tables: ({ db, forget }) => ({ audit: new AuditStore(db, forget) }),
  memory,
  duties: [
    // `run` is empty: `onCommit` starts due work, and running the duties ends with a commit.
    { next: ({ at, live }) => later(live.auditGate.heads.dueAt, at), run: () => {} },
  ],
  onCommit: ({ live, now, inAlarm }) => {
    void live.auditGate.heads.tend()
    live.due.hint(live.auditGate.heads.dueAt)
    if (!isUnshipped(live)) return
    live.shipper.nudge()
    // A running alarm ships the rows itself (`finish`), so it needs no further alarm.
    if (!inAlarm()) live.due.hint(now() + shipAgainMs)
  },
  finish: async ({ live, now }) => {
    await live.shipper.flush()
    await live.auditGate.heads.tend()
    if (isUnshipped(live)) live.due.hint(now() + shipAgainMs)
  },
  prune: ({ at, store, live, atOnce }) => void store.audit.prune(live.shipper.shipped, at - limits.retention_ms, atOnce),
} satisfies Room
