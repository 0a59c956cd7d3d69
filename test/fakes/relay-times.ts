import type { SmtpTimes } from '../../server/relay/outbound/smtp-times.ts'

/** Nothing takes long on this machine; what is shorter still a test says itself. */
export const shortTimes = (over: Partial<SmtpTimes> = {}): SmtpTimes => ({
  connect: 20_000,
  setup: 20_000,
  envelope: 20_000,
  block: 20_000,
  transfer: 20_000,
  ending: 20_000,
  leaving: 1_000,
  idle: 10_000,
  ...over,
})
