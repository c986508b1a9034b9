/** Responsible for `members`: list, add, rotate, revoke. */
import { role, type Member } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { confirmed } from '../confirm.ts'
import { connect } from '../setup/connection.ts'
import type { CommandContext } from '../context.ts'
import { didYouMean } from '../../nearest.ts'
import { showAge } from '../output/time-words.ts'
import { UsageError } from '../arguments/usage-error.ts'
import { showView } from '../output/view-text.ts'

async function allMembers(client: Client): Promise<readonly Member[]> {
  const found: Member[] = []
  let cursor: string | undefined
  do {
    const page = await client.members.list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) })
    found.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  return found
}

/** Finds a member by id or name. A name that several members have is an error, so that the wrong key is never revoked. */
async function named(client: Client, word: string): Promise<Member> {
  const all = await allMembers(client)
  const byId = all.find((member) => member.member_id === word)
  const byName = all.filter((member) => member.name === word && member.revoked_at === null)
  if (byId === undefined && byName.length > 1) {
    throw new UsageError(
      `${byName.length} members are called "${word}"`,
      `name one of ${byName.map((member) => member.member_id).join(', ')}`,
    )
  }
  const found = byId ?? byName[0]
  if (found !== undefined) return found
  const names = all.filter((member) => member.revoked_at === null).map((member) => member.name)
  throw new UsageError(`There is no active member "${word}"${didYouMean(word, names)}`)
}

export async function members(context: CommandContext): Promise<number> {
  const { show } = context
  const { client } = await connect(context)
  const items = await allMembers(client)
  if (show.json) show.value({ items })
  else {
    show.table<Member>(
      [
        { title: 'NAME', cell: (member) => member.name },
        { title: 'ROLE', cell: (member) => member.role },
        { title: 'ID', cell: (member) => member.member_id },
        { title: 'ADDED', cell: (member) => member.created_at, human: (member) => showAge(member.created_at, context.now), right: true },
        { title: 'REVOKED', cell: (member) => member.revoked_at ?? '', paint: (_member, style) => style.dim },
      ],
      items,
    )
  }
  return 0
}

export async function membersAdd(context: CommandContext): Promise<number> {
  const { client } = await connect(context)
  const added = await client.members.create({
    name: context.invocation.argument(0) ?? '',
    role: role.parse(context.invocation.text('role') ?? 'viewer'),
  })
  showView(context.show, added, `${added.name} is a ${added.role} (${added.member_id})`, 'admin_token')
  return 0
}

export async function membersRotate(context: CommandContext): Promise<number> {
  const { client } = await connect(context)
  const member = await named(client, context.invocation.argument(0) ?? '')
  if (!(await confirmed(context, `Replace the key of ${member.name}? The old one stops at once.`))) return left(context)
  const keep = context.invocation.on('keep-running') ? { keep_running: true } : {}
  showView(
    context.show,
    await client.members.rotate({ member_id: member.member_id, ...keep }),
    `${member.name} has a new key`,
    'admin_token',
  )
  return 0
}

export async function membersRevoke(context: CommandContext): Promise<number> {
  const { client } = await connect(context)
  const member = await named(client, context.invocation.argument(0) ?? '')
  if (!(await confirmed(context, `Stop the key of ${member.name} for good?`))) return left(context)
  const stop = context.invocation.on('stop-jobs')
  const revoked = await client.members.revoke({ member_id: member.member_id, ...(stop ? { stop_jobs: true } : {}) })
  if (context.show.json) context.show.value(revoked)
  else {
    context.show.note(`The key of ${revoked.name} is revoked`)
    const { waiting = 0, running = 0, stopped = 0 } = revoked.jobs ?? {}
    if (stopped > 0) context.show.note(`Stopped ${stopped} of their ${waiting + running} jobs`)
    else if (waiting + running > 0)
      context.show.warn(
        `Of their jobs ${running} run and ${waiting} wait: \`jobs --created-by ${revoked.name}\` lists them, \`jobs abort --created-by ${revoked.name}\` stops them`,
      )
  }
  return 0
}

function left(context: CommandContext): number {
  context.show.note('Cancelled: nothing was changed')
  return 1
}
