import { z } from 'zod'
import { definePlugin, proceed, refuse } from './api.ts'
import { valuesOf } from './message.ts'

/** At most one of each, or two programs show two messages. [RFC 5322 §3.6] */
const single = [
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'references',
  'in-reply-to',
  'content-type',
  'mime-version',
  'x-tr-rem-iletitip',
]
const required = ['from', 'date', 'message-id']

/**
 * Octets of fields that the dispatch repeats twice and that each evidence repeats again, for each recipient: what is
 * longer would make one small message fill a disk. To and Cc hold the names of a thousand recipients.
 */
const longest = new Map([
  ['subject', 16_384],
  ['to', 262_144],
  ['cc', 262_144],
  ['from', 4_096],
  ['sender', 4_096],
  ['reply-to', 4_096],
  ['references', 16_384],
  ['in-reply-to', 4_096],
  ['x-tr-rem-iletitip', 100],
])

/** `<left@right>` without white space or control characters; at most 250 octets so that it can stand in a reply. */
const MESSAGE_ID = /^<[^<>@\x00-\x20\x7f]+@[^<>@\x00-\x20\x7f]+>$/
const LONGEST_ID = 250
/** How the ids of dispatches and receipts begin. */
const OUR_LABELS = /^<(?:rem|delil)\./i

/**
 * The header says each thing once, says who and when, and says nothing that only a provider may say. What is wrong
 * is refused, never mended: the header is part of what evidence is made of.
 */
export const headerForm = definePlugin({
  name: 'header-form',
  config: z.strictObject({}),
  register(hooks, _settings, { domain }) {
    hooks.on('data_post', ({ message: { header } }) => {
      for (const key of single) if (valuesOf(header, key).length > 1) return refuse('HEADER_DUPLICATE', key)
      for (const { key, value } of header)
        if (value.length > (longest.get(key) ?? Number.POSITIVE_INFINITY))
          return refuse('HEADER_TOO_LARGE', key)
      for (const { key, name } of header)
        if (key.startsWith('resent-') || key.startsWith('x-rem-')) return refuse('HEADER_FORBIDDEN', name)
      for (const key of required)
        if ((valuesOf(header, key)[0] ?? '') === '') return refuse('HEADER_MISSING', key)
      const id = valuesOf(header, 'message-id')[0] ?? ''
      if (id.length > LONGEST_ID || !MESSAGE_ID.test(id)) return refuse('HEADER_UNREADABLE', 'message-id')
      // Who looks for one of our ids must find what we gave it to.
      if (OUR_LABELS.test(id) && id.toLowerCase().endsWith(`@${domain}>`))
        return refuse('HEADER_FORBIDDEN', 'message-id')
      if (Number.isNaN(Date.parse((valuesOf(header, 'date')[0] ?? '').replace(/\([^()]*\)/g, ''))))
        return refuse('HEADER_UNREADABLE', 'date')
      return proceed
    })
  },
})
