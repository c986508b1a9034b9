/** Responsible for the commands of members about their devices: the tenant's public key, subscribe, renew, list, remove, test. */
import { limits } from '@modelreins/contract'
import type { Device, Parsed } from '@modelreins/contract'
import { nothingTold, withStale } from '../../../src/domain/device/told.ts'
import { refusalSentence } from '../../../src/domain/outbound.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTime, isoTimeOrNull } from '../kernel/context.ts'
import type { Caller, CommandContext } from '../kernel/context.ts'
import type { DeviceRecord } from './device-store.ts'
import { isPublicKey } from './push-message.ts'
import { pushServiceOf, removeDevice } from './tell.ts'

type MemberCaller = Extract<Caller, { kind: 'member' }>

const asMember = ({ caller }: CommandContext): Result<MemberCaller> =>
  caller.kind === 'member' ? ok(caller) : fail('forbidden', 'Only members are notified: use a browser session or a member key.')

const show = (device: DeviceRecord, { session }: MemberCaller): Device => ({
  device_id: device.device_id,
  name: device.name,
  push_service: pushServiceOf(device),
  created_at: isoTime(device.created_at),
  succeeded_at: isoTimeOrNull(device.sent_at),
  failed_at: isoTimeOrNull(device.failed_at),
  failure: device.failure,
  next_at: isoTimeOrNull(device.due_at),
  current: session !== undefined && device.session_id === session,
})

/** The caller's own device that matches `fits`. Devices of other members are `not-found`. */
function own(ctx: CommandContext, caller: MemberCaller, fits: (device: DeviceRecord) => boolean): Result<DeviceRecord> {
  const device = ctx.store.devices.all().find((one) => one.member_id === caller.member.member_id && fits(one))
  return device === undefined ? fail('not-found', 'You have no such device. GET /api/v1/devices lists yours.') : ok(device)
}

function key(ctx: CommandContext): Result<{ public_key: string }> {
  const caller = asMember(ctx)
  return caller.ok ? ok({ public_key: ctx.live.devices.publicKey }) : caller
}

const invalid = (path: string, detail: string): Result<never> => fail('invalid-request', detail, { issues: [{ path, message: detail }] })

function subscribe(ctx: CommandContext, input: Parsed<'devices.subscribe'>): Result<Device> {
  const caller = asMember(ctx)
  if (!caller.ok) return caller
  const { member, session } = caller.value
  const url = new URL(input.endpoint)
  const refusal = refusalSentence('Notifications', url, ctx.allowedHosts)
  if (refusal !== undefined) return invalid('endpoint', refusal)
  if (!isPublicKey(input.keys.p256dh)) return invalid('keys.p256dh', 'This is not a P-256 public key.')
  const known = ctx.store.devices.all().find((one) => one.endpoint === url.href)
  // The subscription belongs to a browser: when another member subscribes with it, the device moves to them.
  if (known !== undefined && known.member_id !== member.member_id) removeDevice(ctx, known, 'another member uses the browser')
  const mine = known?.member_id === member.member_id ? known : undefined
  const others = ctx.store.devices.all()
  if (mine === undefined && others.filter((one) => one.member_id === member.member_id).length >= limits.devices_per_member)
    return fail('conflict', `You have ${limits.devices_per_member} devices, the maximum. Remove one first.`)
  if (mine === undefined && others.length >= limits.devices)
    return fail('conflict', `The members of this tenant have ${limits.devices} devices, the maximum. Remove one first.`)
  const fresh: DeviceRecord = {
    device_id: `dv${ctx.at.toString(36)}${ctx.randomText(10)}`,
    member_id: member.member_id,
    session_id: session ?? null,
    name: input.name ?? mine?.name ?? ctx.visit?.device ?? 'Device',
    endpoint: url.href,
    ...input.keys,
    origin: ctx.visit?.origin ?? '',
    created_at: ctx.at,
    renewed_at: ctx.at,
    told: nothingTold,
    due_at: null,
    tries: 0,
    quiet_until: 0,
    sent_at: null,
    failed_at: null,
    failure: null,
  }
  const { session_id, name, origin, p256dh, auth } = fresh
  const device = mine === undefined ? fresh : { ...mine, session_id, name, origin, p256dh, auth, renewed_at: ctx.at }
  ctx.store.devices.save(device)
  if (mine === undefined)
    ctx.record({ action: 'device.add', subject: `device:${device.device_id}`, summary: `${device.name}, by ${pushServiceOf(device)}` })
  return ok(show(device, caller.value))
}

/** The dashboard calls this at every start; it writes only after a new sign-in. */
function renew(ctx: CommandContext, input: Parsed<'devices.renew'>): Result<Device> {
  const caller = asMember(ctx)
  if (!caller.ok) return caller
  const { href } = new URL(input.endpoint)
  const found = own(ctx, caller.value, (one) => one.endpoint === href)
  if (!found.ok) return found
  const session_id = caller.value.session ?? null
  if (found.value.session_id === session_id) return ok(show(found.value, caller.value))
  const device = { ...found.value, session_id, renewed_at: ctx.at }
  ctx.store.devices.save(device)
  return ok(show(device, caller.value))
}

function list(ctx: CommandContext): Result<{ items: Device[]; next_cursor: string | null }> {
  const caller = asMember(ctx)
  if (!caller.ok) return caller
  const mine = ctx.store.devices.all().filter((one) => one.member_id === caller.value.member.member_id)
  return ok({ items: mine.map((one) => show(one, caller.value)), next_cursor: null })
}

function remove(ctx: CommandContext, input: Parsed<'devices.remove'>): Result<{ ok: true }> {
  const caller = asMember(ctx)
  if (!caller.ok) return caller
  const found = own(ctx, caller.value, (one) => one.device_id === input.device_id)
  if (!found.ok) return found
  removeDevice(ctx, found.value, 'removed by its member')
  return ok({ ok: true })
}

/** Sends a test message at once, even while other messages wait for a retry; a second test within a few seconds joins the first. */
function test(ctx: CommandContext, input: Parsed<'devices.test'>): Result<Device> {
  const caller = asMember(ctx)
  if (!caller.ok) return caller
  const found = own(ctx, caller.value, (one) => one.device_id === input.device_id)
  if (!found.ok) return found
  const due_at = Math.max(ctx.at, (found.value.sent_at ?? 0) + limits.device_test_pause_ms)
  const device = { ...found.value, told: withStale(found.value.told, 'test'), tries: 0, due_at }
  ctx.store.devices.save(device)
  ctx.after({ kind: 'notify' })
  return ok(show(device, caller.value))
}

export const deviceCommands = {
  'devices.key': key,
  'devices.subscribe': subscribe,
  'devices.renew': renew,
  'devices.list': list,
  'devices.remove': remove,
  'devices.test': test,
}
