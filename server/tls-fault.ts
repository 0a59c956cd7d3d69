import { createSecureContext } from 'node:tls'
import { leadsWithKey } from '../evidence/index.ts'

/**
 * Why TLS would not show these certificates by this key, both PEM, and what to do; undefined where it would. It takes a key of
 * one kind beside a certificate of another without a word, and then no client finds a cipher.
 */
export function tlsFault({ key, cert }: { readonly key: string; readonly cert: string }): string | undefined {
  try {
    if (!leadsWithKey({ key, certificates: cert }))
      return 'the first certificate is not that of the key: put the certificate of the key first (leaf), its issuers after it'
    createSecureContext({ key, cert })
    return undefined
  } catch (error) {
    return `TLS does not take it: ${error instanceof Error ? error.message : String(error)}`
  }
}
