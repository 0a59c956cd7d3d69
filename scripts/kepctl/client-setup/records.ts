import type { ClientSettings } from './settings.ts'

const TTL_S = 3_600

/**
 * Lines for the zone of the domain. What is not offered is said with a target of ".", so that clients do not try it.
 * [RFC 6186 §3.4] [RFC 8314 §5.1]
 */
export const records = ({ domain, imap, submission }: ClientSettings): string[] => [
  srv(`_imaps._tcp.${domain}`, `0 1 ${imap.port} ${imap.host}.`),
  srv(`_submissions._tcp.${domain}`, `0 1 ${submission.port} ${submission.host}.`),
  ...['imap', 'pop3', 'pop3s', 'submission'].map((name) => srv(`_${name}._tcp.${domain}`, '0 0 0 .')),
  srv(`_autodiscover._tcp.${domain}`, `0 1 443 autodiscover.${domain}.`),
]

const srv = (name: string, data: string): string => `${name}. ${TTL_S} IN SRV ${data}`
