import { z } from 'zod'
import { definePlugin, proceed, refuse } from './api.ts'
import { valuesOf } from './message.ts'

/** Fields that a mail program may repeat inside the signature. [RFC 9788 §2.1.1] */
const fields = [
  'from',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'reply-to',
  'references',
  'in-reply-to',
  // The message type decides which rules apply, and whether a notice is served.
  'x-tr-rem-iletitip',
]

/** What is signed equals what is shown: a repeated field inside the signature says the same as the outer one. [RFC 9788 §4.1] */
export const protectedHeaders = definePlugin({
  name: 'protected-headers',
  config: z.strictObject({}),
  register(hooks) {
    hooks.on('data_post', ({ message: { header, signature } }) => {
      if (signature.form !== 'detached' && signature.form !== 'opaque') return proceed
      for (const key of fields) {
        const inner = valuesOf(signature.signedHeader, key)
        if (inner.length === 0) continue
        const outer = valuesOf(header, key)
        if (inner.length !== 1 || outer.length !== 1 || folded(inner[0]) !== folded(outer[0]))
          return refuse('PROTECTED_HEADER_DIFFERS', key)
      }
      return proceed
    })
  },
})

/** Folding may differ, words may not. [RFC 5322 §2.2.3] */
const folded = (value: string | undefined): string => (value ?? '').replace(/[ \t]+/g, ' ')
