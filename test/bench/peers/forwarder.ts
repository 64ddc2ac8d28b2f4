/** A forwarder that keeps nothing: sends the dispatch and answers without waiting for it. */
import { serveEndpoint } from './endpoint.ts'

const { GITHUB_URL: github = '' } = process.env

serveEndpoint((client_payload) => {
  forward(client_payload).catch((error: unknown) => console.error(error))
  return { status: 'accepted' }
})

async function forward(client_payload: Record<string, unknown>): Promise<void> {
  const answer = await fetch(`${github}/repos/acme/serving/dispatches`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer token-of-the-benchmark',
      accept: 'application/vnd.github+json',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ event_type: client_payload['event_type'], client_payload }),
  })
  await answer.text()
}
