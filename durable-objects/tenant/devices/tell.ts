/**
 * Responsible for what members are to be told on their devices, as other rooms say it in the transaction of the change, and for devices that end
 * with what they belong to. Nobody is told of what they did themselves. It sends nothing.
 */
import { unsent, withNote, withoutNote } from '../../../src/domain/device/told.ts'
import type { Told, Waiting } from '../../../src/domain/device/told.ts'
import { systemActor } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { DeviceRecord } from './device-store.ts'

/** Keeps what there is to tell, and when: at once, or together with what else comes within a while of the last message. */
function keep(ctx: CommandContext, device: DeviceRecord, told: Told): void {
  if (told === device.told) return
  const due = Math.max(ctx.at, device.quiet_until)
  const due_at = unsent(told).length === 0 ? null : device.tries > 0 && device.due_at !== null ? device.due_at : due
  ctx.store.devices.save({ ...device, told, due_at })
  if (due_at !== null) ctx.after({ kind: 'notify' })
}

/** Something waits for these members. `again`: whoever was told of it before is told once more. */
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

/** It waits no longer: for this member, or for anybody. */
export function untellDevices(ctx: CommandContext, thing: { readonly what: Waiting; readonly id: number }, memberId?: string): void {
  if (ctx.store.devices.isEmpty()) return
  for (const device of ctx.store.devices.all())
    if (memberId === undefined || device.member_id === memberId) keep(ctx, device, withoutNote(device.told, thing.what, thing.id))
}

/** Members who have a device. */
export const membersWithDevices = ({ store }: Pick<CommandContext, 'store'>): ReadonlySet<string> =>
  new Set(store.devices.all().map((device) => device.member_id))

export const pushServiceOf = (device: Pick<DeviceRecord, 'endpoint'>): string => new URL(device.endpoint).host

/** Nothing more is sent to it. `bySystem`: nobody asked for that. */
export function removeDevice(ctx: CommandContext, device: DeviceRecord, why: string, bySystem = false): void {
  ctx.store.devices.remove(device.device_id)
  ctx.record({
    action: 'device.remove',
    subject: `device:${device.device_id}`,
    summary: `${device.name}: ${why}`,
    ...(bySystem ? { actor: systemActor } : {}),
  })
}

/** Those of a member that fit end with what they belonged to. */
export function removeDevicesOf(
  ctx: CommandContext,
  memberId: string,
  why: string,
  fits: (device: DeviceRecord) => boolean = () => true,
): void {
  for (const device of ctx.store.devices.all()) if (device.member_id === memberId && fits(device)) removeDevice(ctx, device, why)
}
