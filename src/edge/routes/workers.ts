/** Responsible for the operations that create tokens of workers; the tenant object decides. */
import type { Exchange, Reply } from '../exchange.ts'
import { performMinted } from '../access/minted-call.ts'

export const registerWorker = (exchange: Exchange<'workers.register'>): Promise<Reply> =>
  performMinted(exchange, 'workers.register', exchange.input, { kind: 'worker', name: exchange.input.name })

export const rotateWorker = (exchange: Exchange<'workers.rotate'>): Promise<Reply> =>
  performMinted(exchange, 'workers.rotate', exchange.input, { kind: 'worker', name: null })
