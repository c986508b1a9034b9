/** Responsible for Cloudflare's prices and limits: list prices of the paid plan beyond the included amounts, from its documentation in 2026. */

/** Dollars. */
export const prices = {
  worker_request: 0.3 / 1e6,
  object_request: 0.15 / 1e6,
  object_row_written: 1 / 1e6,
  d1_row_written: 1 / 1e6,
  d1_row_read: 0.001 / 1e6,
  gb_second: 12.5 / 1e6,
  r2_write: 4.5 / 1e6,
} as const

export type Priced = keyof typeof prices

/** Messages to an object over a socket that are billed as one request. Messages from the object are free. */
export const messagesPerRequest = 20
/** GB: an object is billed for 128 MB while it works or cannot hibernate. */
export const objectGb = 0.128

export const platform = {
  object_requests_per_second: 1_000,
  object_sockets: 32_768,
  object_gb: 10,
  d1_gb: 10,
  upload_mib: 10,
} as const

export const day = 86_400
export const month = 30 * day
