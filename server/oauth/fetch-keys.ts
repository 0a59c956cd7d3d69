import { request } from 'node:https'

/** An issuer has a handful of keys; each is a few KB with its certificates. */
const MAX_OCTETS = 262_144
/** For all of it: a login waits. */
const TIMEOUT_MS = 5_000

/** Whoever is at that address by TLS; redirects are not followed. Rejects where there is no whole answer in time. */
export async function fetchKeys(url: string, ca: readonly string[]): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const sent = request(
    url,
    {
      agent: false,
      signal,
      headers: { Accept: 'application/json' },
      ...(ca.length === 0 ? {} : { ca: [...ca] }),
    },
    (response) => {
      const pieces: Buffer[] = []
      let length = 0
      if (response.statusCode !== 200) response.destroy(new Error(`HTTP ${response.statusCode}`))
      response.on('data', (piece: Buffer) => {
        length += piece.length
        if (length > MAX_OCTETS) response.destroy(new Error(`over ${MAX_OCTETS} octets`))
        else pieces.push(piece)
      })
      response.on('end', () => resolve(Buffer.concat(pieces).toString('utf8')))
      response.on('error', reject)
      // An answer that was cut off has no end.
      response.on('close', () => reject(new Error('the answer broke off')))
    },
  )
  sent.on('error', reject)
  sent.end()
  try {
    return await promise
  } finally {
    sent.destroy()
  }
}
