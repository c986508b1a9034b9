/** Responsible for the format of a one-time view's URL. It imports nothing, so that a page can parse a URL without loading the schemas. */

/** Parses a one-time view URL. The part after `#` never reaches the server. */
export function parseViewUrl(url: string): { readonly origin: string; readonly id: string; readonly key: string } | undefined {
  const match = /^(https?:\/\/[^/#?]+)\/view\/(vw[a-z0-9]{10,100})#([A-Za-z0-9_-]{43})$/.exec(url.trim())
  if (match === null) return undefined
  const [, origin = '', id = '', key = ''] = match
  return { origin, id, key }
}
