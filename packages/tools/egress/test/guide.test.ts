import { createEgressFetch, egressRequest, followRedirects } from '@antiphon/egress'
import { expect, it } from 'vitest'
import { listen } from './loopback.ts'

it('the three ways to ask the outside', async () => {
  const port = await listen((request, response) => response.end(`${request.method} ${request.url}`))
  const [url, policy] = [`http://localhost:${port}`, { allowLoopback: true }]
  // #region ways
  // One request, no redirects, the whole answer in memory.
  const hook = await egressRequest(`${url}/hook`, { method: 'POST', body: '{}', policy })

  // A page with its redirects; `onHop` sees every URL before anything is sent to it.
  const page = await followRedirects(`${url}/page`, { policy, onHop: ({ href }) => console.log(href) })

  // A `fetch` for clients that take one: bodies stream both ways.
  const outside = createEgressFetch(policy, { maxBytes: 1_000_000 })
  const answer = await outside(`${url}/stream`)
  // #endregion ways
  expect([String(hook.body), String(page.body), await answer.text()]).toEqual([
    'POST /hook',
    'GET /page',
    'GET /stream',
  ])
})
