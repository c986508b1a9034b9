/** Responsible for the address at which callers reach a local server. */

/** The address to call for a server that listens on `host`: "all interfaces" (such as 0.0.0.0) cannot be called. */
export const callable = (host: string): string =>
  host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host
