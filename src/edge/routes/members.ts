/** Responsible for the operations that create keys of members; the tenant object decides. */
import type { Exchange, Reply } from '../exchange.ts'
import { performMinted } from '../access/minted-call.ts'

export const createMember = (exchange: Exchange<'members.create'>): Promise<Reply> =>
  performMinted(exchange, 'members.create', exchange.input, { kind: 'member', name: exchange.input.name })

export const rotateMember = (exchange: Exchange<'members.rotate'>): Promise<Reply> =>
  performMinted(exchange, 'members.rotate', exchange.input, { kind: 'member', name: null })
