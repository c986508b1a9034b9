/** Responsible for how the address of a local server is spelled for those who call it. */

/** The address to call, for a server that listens on this one: "everywhere" is no address. */
export const callable = (host: string): string =>
  host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host
