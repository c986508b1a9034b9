/**
 * Responsible for queueing notices for devices, in the transaction of the change, and for removing devices together with their member or
 * session. Members get no notices of their own actions. It sends nothing.
 */
import { unsent, withNote, withoutNote } from '../../../src/domain/device/told.ts'
import type { Told, Waiting } from '../../../src/domain/device/told.ts'
import { systemActor } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { DeviceRecord } from './device-store.ts'

/** Stores pending notices with their due time: at once, or at the end of the pause that follows the last message. */
function keep(ctx: CommandContext, device: DeviceRecord, told: Told): void {
  if (told === device.told) return
  const due = Math.max(ctx.at, device.quiet_until)
  const due_at = unsent(told).length === 0 ? null : device.tries > 0 && device.due_at !== null ? device.due_at : due
  ctx.store.devices.save({ ...device, told, due_at })
  if (due_at !== null) ctx.after({ kind: 'notify' })
}

/** Queues a notice that something waits for these members. `again`: also for members who were notified of it before. */
export function tellDevices(
  ctx: CommandContext,
  thing: { readonly what: Waiting; readonly id: number; readonly again?: boolean },
  isFor: (memberId: string) => boolean,
): void {
  if (ctx.store.devices.isEmpty()) return
  const self = ctx.caller.kind === 'member' ? ctx.caller.member.member_id : undefined
  const asked = new Map<string, boolean>()
  for (const device of ctx.store.devices.all()) {
    const { member_id } = device
    const fits = asked.get(member_id) ?? (member_id !== self && isFor(member_id))
    asked.set(member_id, fits)
    if (fits) keep(ctx, device, withNote(device.told, thing.what, thing.id, thing.again === true))
  }
}

/** Withdraws a notice, for this member or, without one, for all members. */
export function untellDevices(ctx: CommandContext, thing: { readonly what: Waiting; readonly id: number }, memberId?: string): void {
  if (ctx.store.devices.isEmpty()) return
  for (const device of ctx.store.devices.all())
    if (memberId === undefined || device.member_id === memberId) keep(ctx, device, withoutNote(device.told, thing.what, thing.id))
}

/** Members who have a device. */
export const membersWithDevices = ({ store }: Pick<CommandContext, 'store'>): ReadonlySet<string> =>
  new Set(store.devices.all().map((device) => device.member_id))

export const pushServiceOf = (device: Pick<DeviceRecord, 'endpoint'>): string => new URL(device.endpoint).host

/** Removes a device, so that nothing more is sent to it. `bySystem`: no caller requested it, so the audit row names the system. */
export function removeDevice(ctx: CommandContext, device: DeviceRecord, why: string, bySystem = false): void {
  ctx.store.devices.remove(device.device_id)
  ctx.record({
    action: 'device.remove',
    subject: `device:${device.device_id}`,
    summary: `${device.name}: ${why}`,
    ...(bySystem ? { actor: systemActor } : {}),
  })
}

/** Removes the devices of a member that match, when what they belong to has ended. */
export function removeDevicesOf(
  ctx: CommandContext,
  memberId: string,
  why: string,
  fits: (device: DeviceRecord) => boolean = () => true,
): void {
  for (const device of ctx.store.devices.all()) if (device.member_id === memberId && fits(device)) removeDevice(ctx, device, why)
}
