/** Responsible for unknown addresses and failed screens: each page says where to go from here. */
import type { ErrorComponentProps } from '@tanstack/react-router'
import { sentence } from '../api/client.ts'
import { Button, LinkButton } from '../parts/button.tsx'
import { Notice } from '../parts/notices.tsx'
import { Screen } from './screen.tsx'

export function NoSuchScreen() {
  return (
    <Screen title="Nothing is here" narrow>
      <Notice>
        <p>No screen has this address. It may have been mistyped, or cut off where it was copied.</p>
        <p className="mt-3">
          <LinkButton to="/">Go to Home</LinkButton>
        </p>
      </Notice>
    </Screen>
  )
}

export function ScreenFailed({ error, reset }: ErrorComponentProps) {
  return (
    <Screen title="This screen failed" narrow>
      <Notice tone="bad" live>
        <p>The rest of the dashboard works. The fault was: {sentence(error)}</p>
        <p className="mt-3 flex gap-2">
          <Button onClick={reset}>Show it again</Button>
          <Button onClick={() => location.reload()}>Reload the page</Button>
        </p>
      </Notice>
    </Screen>
  )
}
