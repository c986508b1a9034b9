/** Responsible for a one-time link in the address of the page: it removes the link from the address and does not use it. */
import { useEffect, useState } from 'react'

/** `npm start` prints `/sign-in#<view id>.<key>`: browsers do not send the part after the # to a server. */
function linkInFragment(): string | undefined {
  const match = /^#(vw[a-z0-9]+)\.([A-Za-z0-9_-]{43})$/.exec(location.hash)
  return match === null ? undefined : `${location.origin}/view/${match[1]}#${match[2]}`
}

/** The link that was opened last, also when only the part after the # changed. */
export function useLinkInAddress(): string | undefined {
  const [link, setLink] = useState(linkInFragment)
  useEffect(() => {
    const take = (): void => {
      const found = linkInFragment()
      if (found === undefined) return
      setLink(found)
      history.replaceState(history.state, '', location.pathname + location.search)
    }
    take()
    addEventListener('hashchange', take)
    return () => removeEventListener('hashchange', take)
  }, [])
  return link
}
