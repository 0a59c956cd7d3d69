import { z } from 'zod'
import { definePlugin, proceed, refuse } from './api.ts'
import { typeField, typeOf } from './message.ts'

/**
 * The message says what it is for by a value that is known, so that no program reads a letter where another reads a
 * legal notice. The outer field counts: a repetition inside the signature that says otherwise is refused by
 * protected-headers, a second outer one by header-form. Absent means standart.
 */
export const messageType = definePlugin({
  name: 'message-type',
  config: z.strictObject({
    /** Further values that are carried like standart, in any letter case: the list of known ones is unverified. */
    further: z.array(z.string().regex(/^[A-Za-z0-9._-]{1,50}$/)).default([]),
  }),
  register(hooks, { further }) {
    const carried = new Set(further.map((value) => value.toLowerCase()))
    hooks.on('data_post', ({ message: { header } }) => {
      if (typeOf(header) !== undefined) return proceed
      const written = (typeField(header) ?? '').trim().toLowerCase()
      return carried.has(written) ? proceed : refuse('MESSAGE_TYPE_UNKNOWN')
    })
  },
})
