/** Responsible for the operations about the service itself: health, interface description, metrics. */
import { type Parsed, presenceStates } from '@modelreins/contract'
import { type Gauge, exposition } from '../../telemetry/prometheus.ts'
import { ok } from '../../domain/result.ts'
import type { AuditGauges } from '../../../durable-objects/tenant/call.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { page, staticFile } from '../pages/page.ts'
import { askTenant, perform } from '../tenant-call.ts'
import { keysOf } from '../access/signing-keys.ts'

const patience = 1_000
/** How long the state of D1 is cached, milliseconds, because health is public and must not cause many queries. */
const rememberFor = 5_000
let remembered: { readonly at: number; readonly registry: string } | undefined

async function askRegistry({ ports, env }: Exchange): Promise<string> {
  try {
    const answer = await ports.registry(env).tenants.list({ limit: 1 })
    return answer.ok ? 'ok' : 'down'
  } catch {
    return 'broken (are the migrations applied?)'
  }
}

async function registryHealth(exchange: Exchange): Promise<string> {
  const now = exchange.ports.now()
  if (remembered !== undefined && now - remembered.at < rememberFor && now >= remembered.at) return remembered.registry
  let timer: ReturnType<typeof setTimeout> | undefined
  const slow = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${patience} ms`), patience)
  })
  const registry = await Promise.race([askRegistry(exchange), slow])
  clearTimeout(timer)
  remembered = { at: now, registry }
  return registry
}

/** Answers 200 even when D1 is down: the service is only degraded then, because only listings need D1. */
export async function health(exchange: Exchange<'service.health'>): Promise<Reply> {
  const checks = {
    registry: await registryHealth(exchange),
    secret: 'reason' in keysOf(exchange.env.MODELREINS_SECRET) ? 'not configured' : 'ok',
  }
  const status = Object.values(checks).every((check) => check === 'ok') ? 'ok' : 'degraded'
  return ok({ status, version: exchange.ports.version, time: new Date(exchange.ports.now()).toISOString(), checks })
}

export const openapi = (exchange: Exchange<'service.openapi'>): Promise<Reply> => staticFile(exchange, '/openapi.json')

export const docs = (exchange: Exchange<'service.docs'>): Promise<Reply> => page(exchange, '/pages/docs.html')

type Presences = readonly { readonly state: string; readonly running: number; readonly slots: number }[]

function gauges(presences: Presences, killswitchLevel: number, audit: AuditGauges): readonly Gauge[] {
  const sum = (of: (presence: Presences[number]) => number): number => presences.reduce((total, presence) => total + of(presence), 0)
  const inState = (state: string): number => presences.filter((presence) => presence.state === state).length
  return [
    {
      name: 'modelreins_workers',
      help: 'Workers by presence state.',
      samples: presenceStates.map((state) => ({ labels: { state }, value: inState(state) })),
    },
    { name: 'modelreins_jobs_running', help: 'Attempts that workers are running.', samples: [{ value: sum((one) => one.running) }] },
    {
      name: 'modelreins_slots',
      help: 'Attempts that live workers could run at once.',
      samples: [{ value: sum((one) => (one.state === 'offline' ? 0 : one.slots)) }],
    },
    { name: 'modelreins_killswitch_level', help: 'Killswitch level, 0 clear to 4 halt.', samples: [{ value: killswitchLevel }] },
    { name: 'modelreins_audit_unshipped_rows', help: 'Audit rows that have not arrived in D1.', samples: [{ value: audit.unshipped }] },
    {
      name: 'modelreins_audit_forked',
      help: '1 when D1 holds another audit row than the tenant: nothing is stored behind it.',
      samples: [{ value: audit.fork === null ? 0 : 1 }],
    },
  ]
}

export async function metrics(exchange: Exchange<'service.metrics'>): Promise<Reply> {
  const nothing: Parsed<'presence.list'> = {}
  const present = await perform(exchange, 'presence.list', nothing)
  if (!present.ok) return present
  const killswitch = await perform(exchange, 'killswitch.get', nothing)
  if (!killswitch.ok) return killswitch
  const { request_id } = exchange
  const { credential } = exchange.caller
  const audit = await askTenant(exchange, (gate) => gate.auditGauges({ credential, request_id }), true)
  if (!audit.ok) return audit
  return new Response(exposition(gauges(present.value.items, killswitch.value.level, audit.value)), {
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
  })
}
